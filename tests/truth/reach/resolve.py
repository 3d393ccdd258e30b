"""What a container's C library makes of a name: its /etc/hosts, then the first server of its /etc/resolv.conf."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from itertools import takewhile
from pathlib import Path
from socket import inet_aton, inet_ntoa

from tests.truth.reach.dns import AAAA, TIMED_OUT, A, ask

NUMBER = re.compile(r"[0-9]{1,9}")
LOOPBACK = "127.0.0.1"  # resolv.conf(5): the server where none is named


@dataclass(frozen=True, slots=True)
class ResolvConf:
    """What resolv.conf(5) says of `nameserver`, `search` and `options ndots`."""

    server: str = LOOPBACK
    search: tuple[str, ...] = ()
    ndots: int = 1


def resolve(pid: int, target: str) -> tuple[list[str], str]:
    """Return the addresses of a name in a process's view, and where they are from; in its network namespace."""
    if _is_address(target):
        return [target], ""
    if NUMBER.fullmatch(target):
        return [inet_ntoa(inet_aton(target))], "a number is an address (inet_aton(3))"
    files = Path(f"/proc/{pid}/root/etc")
    if found := in_hosts(_text(files / "hosts"), target):
        return found, f"/etc/hosts {' '.join(found)}"
    conf = parse_resolv_conf(_text(files / "resolv.conf"))
    said = []
    for name in candidates(target, conf):
        state, found = ask(conf.server, name, A)
        if state != TIMED_OUT:
            found += ask(conf.server, name, AAAA)[1]
        said.append(f"{conf.server} {name} {state} {' '.join(found)}".strip())
        if found:
            return found, "; ".join(said)
    return [], "; ".join(said)


def in_hosts(text: str, name: str) -> list[str]:
    """The addresses of a name in a hosts(5) file; upper and lower case are the same."""
    found = []
    for line in text.splitlines():
        address, *names = line.partition("#")[0].split() or [""]
        if name.lower() in (one.lower() for one in names) and address not in found:
            found.append(address)
    return found


def parse_resolv_conf(text: str) -> ResolvConf:
    """Read a resolv.conf(5) file; of several `search` lines the last one counts."""
    lines = [line.split() for line in text.splitlines() if line.strip() and line[0] not in "#;"]
    servers = [words[1] for words in lines if words[0] == "nameserver" and len(words) > 1]
    search = [tuple(words[1:]) for words in lines if words[0] in ("search", "domain")]
    ndots = [
        _number(word[6:]) for words in lines if words[0] == "options" for word in words if word.startswith("ndots:")
    ]
    return ResolvConf((servers or [LOOPBACK])[0], (search or [()])[-1], (ndots or [1])[-1])


def _number(text: str) -> int:
    """As atoi(3), and at most 15."""
    return min(15, int("0" + "".join(takewhile("0123456789".__contains__, text))[:9]))


def candidates(name: str, conf: ResolvConf) -> Iterator[str]:
    """The names that are asked for, in order (resolv.conf(5): search, ndots)."""
    if name.endswith("."):
        yield name
        return
    searched: Sequence[str] = [f"{name}.{domain.rstrip('.')}" for domain in conf.search if domain != "."]
    first = name.count(".") >= conf.ndots
    yield from (name, *searched) if first else (*searched, name)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _text(path: Path) -> str:
    return path.read_text(errors="replace") if path.is_file() else ""
