"""Published TCP ports to which nothing has connected for long."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from msgspec import Struct

from exporter.core.connections.pair import CLIENT, CONTAINER, HOST, OTHER, TCP, ConnectionReport, Pair, PairSums
from exporter.core.model.docker import Inventory
from exporter.core.model.memo import IdentityMemo


class PublishedPort(Struct, frozen=True, order=True):
    """A port of the host and the container's port behind it."""

    container: str
    host_port: int
    port: int


class Use(NamedTuple):
    """What was connected to: a container's own port, or a port of the host that is published for it ('' for any)."""

    end: str
    container: str
    port: str


class PortUse:
    """Since when each published port has had no connection. Not thread-safe.

    What could have been a connection to it counts as one: changes of state that were missed, and pairs beyond the
    bounds, of which the port is not known.
    """

    def __init__(self) -> None:
        self._published = IdentityMemo(_published)
        self._since: dict[PublishedPort, float] = {}
        self._lost = 0
        self._former: Mapping[Pair, PairSums] = {}

    def update(self, report: ConnectionReport, inventory: Inventory, now: float) -> dict[PublishedPort, float]:
        """Take a report; return the time since which each port was not used, of the ports of now.

        `now` is in seconds from any origin and never decreases.
        """
        published = self._published(inventory, None if report.older_counted else report.started)
        if not published:
            self._since, self._lost, self._former = {}, report.lost, report.pairs
            return self._since
        numbers = {OTHER, *(mark.port for marks in published.values() for mark in marks)} if report.pairs else set()
        new = [
            pair
            for pair, sums in report.pairs.items()
            if (pair.port in numbers or pair.peer_kind == OTHER)
            and (sums.living.established or pair not in self._former or sums.changed != self._former[pair].changed)
        ]
        missed = report.lost > self._lost or any(OTHER in (pair.port, pair.peer_kind) for pair in new)
        used = {use for pair in new for use in _uses(pair)}
        former = {} if missed else self._since
        self._since = {
            port: former.get(port, now) if used.isdisjoint(marks) else now for port, marks in published.items()
        }
        self._lost, self._former = report.lost, report.pairs
        return self._since


def _uses(pair: Pair) -> Iterator[Use]:
    """A client may have reached it at the host's port, as the container's peer or as a process of the host."""
    if pair.side == CLIENT and pair.peer_kind in (CONTAINER, HOST):
        yield Use(HOST, pair.peer, pair.port)
    elif pair.side != CLIENT:
        yield Use(CONTAINER, pair.container, pair.port)


def _uses_of(port: PublishedPort) -> frozenset[Use]:
    """Whatever a use of the port may look like."""
    host_port = str(port.host_port)
    inside = Use(CONTAINER, port.container, str(port.port))
    return frozenset((Use(HOST, port.container, host_port), Use(HOST, "", host_port), inside))


def _published(inventory: Inventory, started: float | None) -> dict[PublishedPort, frozenset[Use]]:
    """Return the ports of containers of which no connection can be older than the counting, each with its uses.

    `started` is when that began (Unix time), None where older connections are counted too.
    """
    ports = (
        PublishedPort(container.name, binding.host_port, binding.container_port)
        for container in inventory.containers.values()
        if container.live and container.details and (started is None or container.created > started)
        for binding in container.details.published
        if binding.protocol == TCP and binding.host_port
    )
    return {port: _uses_of(port) for port in ports}
