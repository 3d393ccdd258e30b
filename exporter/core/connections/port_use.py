"""Published TCP ports to which nothing has connected for long."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from exporter.core.connections.pair import CLIENT, CONTAINER, HOST, OTHER, TCP, ConnectionReport, Pair, PairSums
from exporter.core.model.docker import Inventory


@dataclass(frozen=True, slots=True, order=True)
class PublishedPort:
    """A port of the host and the container's port behind it."""

    container: str
    host_port: int
    port: int


class PortUse:
    """Since when each published port has had no connection. Not thread-safe.

    What could have been a connection to it counts as one: changes of state that were missed, and pairs beyond the
    bounds, of which the port is not known.
    """

    def __init__(self) -> None:
        self._since: dict[PublishedPort, float] = {}
        self._lost = 0
        self._former: Mapping[Pair, PairSums] = {}

    def update(self, report: ConnectionReport, inventory: Inventory, now: float) -> dict[PublishedPort, float]:
        """Take a report; return the time since which each port was not used, of the ports of now.

        `now` is in seconds from any origin and never decreases.
        """
        published = list(_published(report, inventory))
        if not published:
            self._since, self._lost, self._former = {}, report.lost, report.pairs
            return self._since
        numbers = {OTHER, *(str(number) for port in published for number in (port.host_port, port.port))}
        new = [
            pair
            for pair, sums in report.pairs.items()
            if (pair.port in numbers or pair.peer_kind == OTHER)
            and (sums.living.established or pair not in self._former or sums.changed != self._former[pair].changed)
        ]
        missed = report.lost > self._lost or any(OTHER in (pair.port, pair.peer_kind) for pair in new)
        used = {use for pair in new for use in _uses(pair)}
        former = {} if missed else self._since
        self._since = {port: now if _marks(port) & used else former.get(port, now) for port in published}
        self._lost, self._former = report.lost, report.pairs
        return self._since


def _uses(pair: Pair) -> Iterator[tuple[str, str, str]]:
    """A client may have reached it at the host's port, as the container's peer or as a process of the host."""
    if pair.side == CLIENT and pair.peer_kind in (CONTAINER, HOST):
        yield HOST, pair.peer, pair.port
    elif pair.side != CLIENT:
        yield CONTAINER, pair.container, pair.port


def _marks(port: PublishedPort) -> set[tuple[str, str, str]]:
    host_port = str(port.host_port)
    return {(HOST, port.container, host_port), (HOST, "", host_port), (CONTAINER, port.container, str(port.port))}


def _published(report: ConnectionReport, inventory: Inventory) -> Iterator[PublishedPort]:
    """Those of containers of which no connection can be older than the counting."""
    for container in inventory.containers.values():
        if not container.live or container.details is None:
            continue
        if report.older_counted or container.created > report.started:
            for binding in container.details.published:
                if binding.protocol == TCP and binding.host_port:
                    yield PublishedPort(container.name, binding.host_port, binding.container_port)
