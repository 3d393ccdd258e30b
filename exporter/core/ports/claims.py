"""Who has, and who should have, a port of the host: for binds that were refused to somebody in a container's place."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from exporter.core.model.docker import Container, Inventory
from exporter.core.model.sockets import PROCESS, Listener

Port = tuple[str, int]  # protocol and number


@dataclass(frozen=True, slots=True)
class PortClaims:
    """`held` are the ports that containers have now, `wanted` the names of those that are to publish one."""

    held: frozenset[Port] = frozenset()
    wanted: Mapping[Port, frozenset[str]] = field(default_factory=dict)


def port_claims(inventory: Inventory, listeners: Iterable[Listener]) -> PortClaims:
    """Collect them. Of several that are to publish a port, those that run have got it and do not want it."""
    held = {(each.socket.protocol, each.socket.port) for each in listeners if each.owner.kind != PROCESS}
    running, down = (_publishers(inventory, live=live) for live in (True, False))
    return PortClaims(frozenset(held), {**running, **down})


def _publishers(inventory: Inventory, *, live: bool) -> dict[Port, frozenset[str]]:
    found: dict[Port, frozenset[str]] = {}
    for container in inventory.containers.values():
        for port in _configured(container) if container.live is live else ():
            found[port] = found.get(port, frozenset()) | {container.name}
    return found


def _configured(container: Container) -> Iterator[Port]:
    for binding in container.details.bindings if container.details else ():
        if binding.host_port:
            yield from ((binding.protocol, port) for port in range(binding.host_port, binding.last_host_port + 1))
