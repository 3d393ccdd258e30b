"""What the details of a container say of its listening sockets and its connections."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from exporter.core.connections.pair import CLIENT, OUTSIDE
from exporter.core.model.docker import Container
from exporter.core.model.sockets import CONTAINER, ListeningSocket
from exporter.core.observation import Observation
from exporter.core.views.connection_rows import ConnectionRow, connection_rows
from exporter.core.views.port_ranges import range_text, ranges
from exporter.web.page.markup import bytes_text

Fact = tuple[str, str]
MAX_PEERS = 50
HOST_MODE = "host"


def listener_facts(observation: Observation, container: Container) -> Iterator[Fact]:
    """Yield a fact for each address; consecutive ports are one range."""
    sockets = _listeners(observation, container)
    if sockets is None:
        yield "Listens on", "unknown: its sockets could not be read"
        return
    by_address: dict[tuple[str, str], list[int]] = defaultdict(list)
    for socket in sockets:
        by_address[socket.address, socket.protocol].append(socket.port)
    for (address, protocol), ports in sorted(by_address.items()):
        written = ", ".join(range_text(found) for found in ranges(ports))
        yield "Listens on", f"{address} {protocol}/{written}"
    if not by_address:
        yield "Listens on", "no port"


def _listeners(observation: Observation, container: Container) -> Iterable[ListeningSocket] | None:
    """Return the sockets of its network namespace; in host mode its own of the host's."""
    if container.network_mode == HOST_MODE:
        found = observation.sockets
        if found is None or not found.complete:
            return None
        owners = ((one.owner.kind, one.owner.container_id, one.socket) for one in found.listeners)
        return [socket for kind, owner, socket in owners if kind == CONTAINER and owner == container.id]
    owner = container.network_owner or container.id
    return None if observation.inside is None else observation.inside.get(owner)


def peer_facts(observation: Observation, container: str) -> Iterator[Fact]:
    """Yield a fact for each peer of its TCP connections, those with most failures first; none where not counted."""
    if observation.connections is None:
        return
    rows = [row for row in connection_rows(observation.connections) if row.container == container]
    for row in rows[:MAX_PEERS]:
        yield ("Connects to" if row.side == CLIENT else "Connections from"), _peer(row)
    if len(rows) > MAX_PEERS:
        yield "Further peers", str(len(rows) - MAX_PEERS)


def _peer(row: ConnectionRow) -> str:
    peer = row.peer or ("outside of the host" if row.peer_kind == OUTSIDE else row.peer_kind)
    failures = [f"{count} {reason.replace('_', ' ')}" for reason, count in row.failed.items()]
    moved = f"{bytes_text(row.received_bytes)} received, {bytes_text(row.sent_bytes)} sent"
    counts = (f"{row.active} open", f"{row.established} established", *failures, moved)
    return f"{peer} {row.protocol}/{row.port}: {', '.join(counts)}"
