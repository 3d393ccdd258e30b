"""/etc/hosts and /etc/resolv.conf of a container, as its resolver reads them (hosts(5), resolv.conf(5)).

The container may write anything there: what is not an address is left out.
"""

import re
from collections.abc import Mapping

from msgspec import Struct

from exporter.core.reach.question import canonical, is_address

MAX_SERVERS = 3  # of glibc (resolv.h: MAXNS); musl takes as many
MAX_DOMAINS = 32  # of a search list: the C libraries bound its length
DEFAULT_NDOTS, MAX_NDOTS = 1, 15  # of glibc and musl
MAX_LINES = 4096
EXTERNAL, FROM_HOST = "ExtServers:", "host("  # of the comment that the engine writes


class Upstream(Struct, frozen=True):
    """A server that the engine queries for other names: `from_host` or from the container's network namespace."""

    address: str
    from_host: bool


class ResolvConf(Struct, frozen=True):
    """Addresses without zones. `upstream` is what the engine writes in a comment, None without one (before 25.0).

    A name with fewer than `ndots` dots is queried with each domain of `search` first, any other one as it is.
    """

    servers: tuple[str, ...] = ()
    upstream: tuple[Upstream, ...] | None = None
    search: tuple[str, ...] = ()
    ndots: int = DEFAULT_NDOTS

    def queries(self, name: str) -> tuple[str, ...]:
        """Return the names that are queried for a name, in their order, until one has an address."""
        if name.endswith("."):
            return (name,)
        searched = tuple(f"{name}.{domain}" for domain in self.search)
        return (name, *searched) if name.count(".") >= self.ndots else (*searched, name)


def parse_hosts(text: str) -> Mapping[str, tuple[str, ...]]:
    """Parse hosts(5): name in small letters -> its addresses in the order of the lines."""
    found: dict[str, list[str]] = {}
    for line in _lines(text):
        address, *names = line.partition("#")[0].split() or [""]
        if is_address(address):
            known = canonical(address)
            for name in names:
                found.setdefault(name.lower(), []).append(known)
    return {name: tuple(dict.fromkeys(addresses)) for name, addresses in found.items()}


def parse_resolv_conf(text: str) -> ResolvConf:
    """Parse resolv.conf(5), with the comment of the engine."""
    servers: list[str] = []
    upstream: tuple[Upstream, ...] | None = None
    search: list[str] = []
    ndots = DEFAULT_NDOTS
    for line in _lines(text):
        words = line.split()
        if len(words) > 1 and words[0] == "nameserver" and _is_server(words[1]):
            servers.append(_without_zone(words[1]))
        elif upstream is None and line.startswith("#"):
            upstream = _upstream(line[1:].strip())
        elif words[:1] in (["search"], ["domain"]):  # the last such line counts
            search = [domain for word in words[1:] if (domain := word.strip(".")) and domain.isprintable()]
        elif words[:1] == ["options"]:
            ndots = _ndots(words[1:], ndots)
    return ResolvConf(tuple(servers[:MAX_SERVERS]), upstream, tuple(search[:MAX_DOMAINS]), ndots)


def _ndots(options: list[str], before: int) -> int:
    """The number behind the last `ndots:`, read as atoi(3) does."""
    for option in options:
        if found := re.match(r"ndots:([0-9]{0,9})", option):
            before = min(int(found[1] or 0), MAX_NDOTS)
    return before


def _lines(text: str) -> list[str]:
    return text.split("\n", MAX_LINES)[:MAX_LINES]


def _upstream(comment: str) -> tuple[Upstream, ...] | None:
    """Parse `ExtServers: [host(192.0.2.1) 192.0.2.2]`; None for any other comment."""
    begin, found, rest = comment.partition("[")
    if begin.strip() != EXTERNAL or not found or "]" not in rest:
        return None
    words = rest.partition("]")[0].split()
    bare = {word: word.removeprefix(FROM_HOST).removesuffix(")") for word in words}
    known = [word for word in words if _is_server(bare[word])]
    if words and not known:
        return None
    return tuple(Upstream(_without_zone(bare[word]), word.startswith(FROM_HOST)) for word in known)


def _is_server(text: str) -> bool:
    """Whether it is an IP address, with a zone or without."""
    return is_address(text.partition("%")[0])


def _without_zone(text: str) -> str:
    """The address without its zone: the container may write anything there."""
    return canonical(text.partition("%")[0])
