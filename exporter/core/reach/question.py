"""The question of `explain A B`: from which container, to what, on which port."""

from ipaddress import ip_address

from msgspec import Struct

from exporter.core.explain.query import parse_query

PROTOCOLS = ("tcp", "udp")
HOST, INTERNET = "host", "internet"
# Addresses of the internet that routes and rules are evaluated for; nothing is sent there.
ANYWHERE = ("8.8.8.8", "2001:4860:4860::8888")
ANYWHERE_PORT = 443
LOOPBACKS = {4: "127.0.0.1", 6: "::1"}
EXPECTED = "expected NAME, NAME:PORT, NAME:PORT/udp or an address, with a PORT of 1 to 65535"
ZONE = "link-local addresses with a zone are not supported: expected a name or another address"
LONGEST_NAME = 255  # bytes of a name in DNS (RFC 1035)
LONGEST = 80  # characters of a target that an error quotes


class InvalidTargetError(ValueError):
    """A source or target that is not one; its text is one line with what is expected."""


class Question(Struct, frozen=True):
    """`target` is a container, an address, a name, HOST or INTERNET; `port` is 0 where none was given."""

    source: str
    target: str
    port: int = 0
    protocol: str = "tcp"

    def __str__(self) -> str:
        """As it is typed."""
        return f"{self.source} {self.typed_target}"

    @property
    def typed_target(self) -> str:
        """The target as it is typed."""
        target = f"[{self.target}]" if ":" in self.target and self.port else self.target
        suffix = "" if self.protocol == "tcp" else f"/{self.protocol}"
        return target + (f":{self.port}{suffix}" if self.port else "")


def parse_question(source: str, target: str) -> Question:
    """Parse the target: B, B:80, B:53/udp, 192.0.2.1:80, 2001:db8::1, [2001:db8::1]:80.

    Raises InvalidTargetError.
    """
    source = source.removeprefix("/")  # of `docker inspect`
    if not source or not _is_name(source):
        raise InvalidTargetError(f"{_quoted(source)}: expected the name or ID of a container")
    name, port = _split(target)
    if not name or not _is_name(name):
        raise InvalidTargetError(f"{_quoted(target)}: {EXPECTED}")
    name = canonical(name) if is_address(name) else name
    if port is None:
        return Question(source, name)
    query = parse_query(port)
    if query is None or query.protocol not in ("", *PROTOCOLS):
        raise InvalidTargetError(f"{_quoted(target)}: {EXPECTED}")
    return Question(source, name, query.port, query.protocol or "tcp")


def _is_name(text: str) -> bool:
    return text.isprintable() and len(text) <= LONGEST_NAME and not set("[]/ ") & set(text)


def _split(target: str) -> tuple[str, str | None]:
    """Return the target without its port, and the text of the port; None where it has none."""
    if is_address(target):
        return target, None
    if is_address(target.removeprefix("[").partition("%")[0]) and "%" in target:
        raise InvalidTargetError(f"{_quoted(target)}: {ZONE}")
    if target.startswith("["):
        address, closed, rest = target[1:].partition("]")
        if not closed or not is_address(address) or rest[:1] not in ("", ":"):
            raise InvalidTargetError(f"{_quoted(target)}: expected an address in brackets, [ADDRESS]:PORT")
        return address, rest[1:] if rest else None
    name, colon, port = target.rpartition(":")
    if "/" in name:  # of a URL or a subnet
        raise InvalidTargetError(f"{_quoted(target)}: {EXPECTED}")
    if ":" in name:
        raise InvalidTargetError(f"{_quoted(target)}: an IPv6 address with a port is written [ADDRESS]:PORT")
    return (name, port) if colon else (target, None)


def _quoted(text: str) -> str:
    """The text on one line, cut where it is long."""
    return repr(text if len(text) <= LONGEST else f"{text[:LONGEST]}...")


def is_address(text: str) -> bool:
    """Whether it is an IP address, without a zone."""
    try:
        return "%" not in text and bool(ip_address(text))
    except ValueError:
        return False


def canonical(address: str) -> str:
    """Return the address that a connection to it has: 0.0.0.0 and :: are the loopback, a mapped address is IPv4.

    (net/ipv4/route.c: ip_route_output_key_hash, net/ipv6/tcp_ipv6.c: tcp_v6_connect.)
    """
    found = ip_address(address)
    found = getattr(found, "ipv4_mapped", None) or found
    return LOOPBACKS[found.version] if found.is_unspecified else str(found)
