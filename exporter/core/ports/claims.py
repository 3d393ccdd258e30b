"""Containers that have, and that should have, a port of the host: for binds refused to a program in their place."""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct, field

from exporter.core.model.docker import Container, Inventory
from exporter.core.model.service import replaced_tasks
from exporter.core.model.sockets import PROCESS, Listener, PortKey


class PortClaims(Struct, frozen=True):
    """`held` are the ports that containers have; `wanted`: port -> names of the containers that should publish it."""

    held: frozenset[PortKey] = frozenset()
    wanted: Mapping[PortKey, frozenset[str]] = field(default_factory=dict)


def port_claims(inventory: Inventory, listeners: Iterable[Listener]) -> PortClaims:
    """Collect them. Of several containers that publish a port, the running ones have it already.

    Of the failed tasks of a Swarm service the newest counts.
    """
    held = {(each.socket.protocol, each.socket.port) for each in listeners if each.owner.kind != PROCESS}
    running, down = (_publishers(inventory, live=live) for live in (True, False))
    return PortClaims(frozenset(held), {**running, **down})


def _publishers(inventory: Inventory, *, live: bool) -> dict[PortKey, frozenset[str]]:
    found: dict[PortKey, frozenset[str]] = {}
    replaced = replaced_tasks(inventory.containers.values())
    for container in inventory.containers.values():
        if container.live is not live or (not live and container.id in replaced):
            continue
        for port in _configured(container):
            found[port] = found.get(port, frozenset()) | {container.name}
    return found


def _configured(container: Container) -> Iterator[PortKey]:
    for binding in container.details.bindings if container.details else ():
        if binding.host_port:
            yield from ((binding.protocol, port) for port in range(binding.host_port, binding.last_host_port + 1))
