"""Why a container did not start, as the engine keeps it (Engine API: State.Error): a host port that it did not get.

Texts of Docker 20.10 to 29. None of them is complete: the rest comes from the configured bindings.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from msgspec import Struct

from exporter.core.model.container_details import PortBinding
from exporter.core.ports.listen_address import ListenAddress

IN_USE, NOT_LOCAL = "in_use", "not_local"
WILDCARDS = frozenset({"0.0.0.0", "::"})

_ADDRESS = r"(?P<address>\[[0-9A-Fa-f:.%\w]*\]|[0-9.]*)"
_BARE_ADDRESS = r"(?P<address>[0-9A-Fa-f:.]*|\[[0-9A-Fa-f:.]*\])"  # "Bind for :::8080": IPv6 without brackets
_PORT = r"(?P<port>\d{1,5})"
_PROTOCOL = r"(?P<protocol>tcp|udp|sctp)"
# errno's texts in lower case: with a capital letter it is an IP address that is taken.
_WHY = r"(?:address already in use|(?P<not_local>cannot assign requested address))"

# The first that matches counts. An image chooses a part of the text: each pattern takes time linear in its length.
_TEXTS = tuple(
    re.compile(text)
    for text in (
        rf"listen {_PROTOCOL}[46]? {_ADDRESS}:{_PORT}: bind: {_WHY}",  # to 27
        rf"Bind for {_BARE_ADDRESS}:{_PORT} failed: port is already allocated",  # all: another container's
        rf"failed to bind host port {_PORT} for {_ADDRESS}:\d+-\d+:\S*/{_PROTOCOL}: {_WHY}",  # 28, of a range
        rf"failed to bind host port for {_ADDRESS}:{_PORT}:\S*/{_PROTOCOL}: {_WHY}",  # 28
        rf"failed to bind host port {_ADDRESS}:{_PORT}/{_PROTOCOL}: {_WHY}",  # 29
        rf"failed to listen on (?P<protocol>TCP|UDP|SCTP) socket: (?:\w{{1,16}}: )?{_WHY}",  # 28
        r"all ports are allocated",  # of a range, or of all that the engine may choose from
    )
)


MAX_TEXTS = 1024  # parsed ones that are kept: the text of a container that is down stays the same


class StartError(Struct, frozen=True):
    """A port that a start failed for; '' and 0 are what the text does not contain."""

    reason: str
    protocol: str = ""
    address: str = ""
    port: int = 0


@lru_cache(MAX_TEXTS)
def parse_start_error(text: str) -> StartError | None:
    """Read State.Error; None when the start did not fail, or for anything but a host port."""
    found = next((match for pattern in _TEXTS if (match := pattern.search(text))), None) if text else None
    if found is None:
        return None
    groups = found.groupdict()
    return StartError(
        reason=NOT_LOCAL if groups.get("not_local") else IN_USE,
        protocol=(groups.get("protocol") or "").lower(),
        address=(groups.get("address") or "").strip("[]"),
        port=int(groups.get("port") or 0),
    )


def possible_places(error: StartError, bindings: Iterable[PortBinding]) -> Iterator[ListenAddress]:
    """Yield the places that the error may mean, the likelier first: at least one, whatever is known."""
    fitting = [binding for binding in bindings if _fits(error, binding)]
    for binding in fitting:
        # Of a port on every address the engine names the one of either family at which it failed, by chance.
        everywhere = not binding.host_ip and error.address in WILDCARDS
        address = binding.host_ip if everywhere else error.address or binding.host_ip
        yield ListenAddress(binding.protocol, address, error.port or binding.host_port)
    if not fitting:
        yield ListenAddress(error.protocol, error.address, error.port)


def _fits(error: StartError, binding: PortBinding) -> bool:
    if error.protocol not in ("", binding.protocol):
        return False
    if error.port and not binding.host_port <= error.port <= binding.last_host_port:
        return binding.host_port == 0  # the engine chose it
    return binding.host_ip in ("", error.address) or not error.address
