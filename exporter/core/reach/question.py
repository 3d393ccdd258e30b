"""The question of `explain A B`: from which container, to what, on which port."""

from dataclasses import dataclass
from ipaddress import ip_address

from exporter.core.explain.query import parse_query

PROTOCOLS = ("tcp", "udp")
HOST, INTERNET = "host", "internet"
# Addresses of the internet that routes and rules are evaluated for; nothing is sent there.
ANYWHERE = ("8.8.8.8", "2001:4860:4860::8888")
ANYWHERE_PORT = 443


class InvalidTargetError(ValueError):
    """A target that is not one; its text says what is expected."""


@dataclass(frozen=True, slots=True)
class Question:
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
    if is_address(target):
        return Question(source, str(ip_address(target)))
    name, colon, port = target.rpartition(":")
    name, port = (name, port) if colon else (target, "")
    if name.startswith("[") and name.endswith("]"):
        name = name[1:-1]
        if not is_address(name):
            raise InvalidTargetError(f"{target!r}: invalid address in brackets")
    elif not colon and target.startswith("["):
        return parse_question(source, target[1:].removesuffix("]"))
    elif ":" in name:
        raise InvalidTargetError(f"{target!r}: an IPv6 address with a port is written [ADDRESS]:PORT")
    known = parse_query(port) if colon else None
    if not name or (colon and (known is None or known.protocol not in ("", *PROTOCOLS))):
        raise InvalidTargetError(f"{target!r}: expected NAME, NAME:PORT, NAME:PORT/udp or an address")
    name = str(ip_address(name)) if is_address(name) else name
    return Question(source, name, known.port if known else 0, (known.protocol if known else "") or "tcp")


def is_address(text: str) -> bool:
    """Whether it is an IP address, without a zone."""
    try:
        return "%" not in text and bool(ip_address(text))
    except ValueError:
        return False
