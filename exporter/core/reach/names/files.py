"""/etc/hosts and /etc/resolv.conf of a container, as its resolver reads them (hosts(5), resolv.conf(5)).

The container may write anything there: what is not an address is left out.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address

from exporter.core.reach.question import is_address

MAX_SERVERS = 3  # of glibc (resolv.h: MAXNS); musl takes as many
MAX_LINES = 4096
_EXTERNAL = re.compile(r"#\s*ExtServers:\s*\[(?P<servers>[^\]]*)\]")
_FROM_HOST = re.compile(r"host\((?P<address>[^)]*)\)")


@dataclass(frozen=True, slots=True)
class Upstream:
    """A server of the engine for other names; `from_host`: queried from the host's namespace, not the container's."""

    address: str
    from_host: bool


@dataclass(frozen=True, slots=True)
class ResolvConf:
    """`upstream` is what the engine says in a comment, None where it says nothing (before 25.0)."""

    servers: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    upstream: tuple[Upstream, ...] | None = None


def parse_hosts(text: str) -> Mapping[str, tuple[str, ...]]:
    """Parse hosts(5): name in small letters -> its addresses in the order of the lines."""
    found: dict[str, list[str]] = {}
    for line in text.split("\n", MAX_LINES)[:MAX_LINES]:
        address, *names = line.partition("#")[0].split() or [""]
        if is_address(address):
            for name in names:
                known = found.setdefault(name.lower(), [])
                known.append(str(ip_address(address)))
    return {name: tuple(dict.fromkeys(addresses)) for name, addresses in found.items()}


def parse_resolv_conf(text: str) -> ResolvConf:
    """Parse resolv.conf(5), with the comment of the engine."""
    servers: list[str] = []
    search: tuple[str, ...] = ()
    for line in text.split("\n", MAX_LINES)[:MAX_LINES]:
        words = line.split()
        if len(words) > 1 and words[0] == "nameserver" and is_address(words[1].partition("%")[0]):
            servers.append(words[1].partition("%")[0])
        elif words and words[0] in ("search", "domain"):
            search = tuple(words[1:])
    return ResolvConf(tuple(servers[:MAX_SERVERS]), search, _upstream(text))


def _upstream(text: str) -> tuple[Upstream, ...] | None:
    match = _EXTERNAL.search(text)
    if match is None:
        return None
    found = []
    for word in match["servers"].split():
        inner = _FROM_HOST.fullmatch(word)
        address = inner["address"] if inner else word
        if is_address(address):
            found.append(Upstream(address, inner is not None))
    return tuple(found)
