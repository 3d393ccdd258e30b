"""Which names of the server a Host header may have, against DNS rebinding.

A page of another origin whose name resolves to this server's address reads its answers as its own: the browser checks
names only. An address, localhost and the host's own name cannot be such a name.
"""

import ipaddress
import re
from collections.abc import Iterable

ANY = "*"
HOST = re.compile(r"(?:\[(?P<ip6>[^]]*)\]|(?P<name>[^:\[\]]*))(?::[0-9]*)?")


class AllowedHosts:
    """The allowed names; `*` among them allows all."""

    def __init__(self, names: Iterable[str] = (ANY,)) -> None:
        self._names = frozenset(_normal(name) for name in names) | {"localhost"}

    def allows(self, host: str) -> bool:
        """Whether a Host header may name the server so; a missing one, as HTTP/1.0 may send, is allowed."""
        if not host or ANY in self._names:
            return True
        match = HOST.fullmatch(host.strip())
        if not match:
            return False
        if match["ip6"] is not None:
            return _is_address(match["ip6"])
        name = _normal(match["name"])
        return name in self._names or _is_address(name)


def _normal(name: str) -> str:
    return name.strip().lower().removesuffix(".")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
