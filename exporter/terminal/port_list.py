"""What `ports` prints: who holds every port of the host."""

import json
from dataclasses import asdict, dataclass
from ipaddress import ip_address

from rich.console import Console

from exporter.core.details import Details
from exporter.core.observation import Observation
from exporter.core.port_scope import scope
from exporter.core.sockets import DOCKER_PROXY, ENGINE, Listener
from exporter.terminal.paint import cell, table

COLUMNS = ("protocol", "address", "port", "owner", "kind", "published to", "reachable from")
NOT_SEEN = "(not visible)"
# What keeps the owners of ports from being known.
MATTERS = frozenset({"engine", "host_network", "sockets", "socket_owners"})


@dataclass(frozen=True, slots=True)
class PortLine:
    """A listening socket, or several alike. `published_to` is the container's port as NAME:PORT."""

    protocol: str
    address: str
    port: int
    owner: str
    owner_kind: str
    published_to: str
    scope: str


def port_lines(observation: Observation) -> list[PortLine]:
    """Return them by port; workers that share one are one line."""
    listeners = observation.sockets.listeners if observation.sockets else ()
    lines = dict.fromkeys(_line(observation, listener) for listener in listeners)
    return sorted(lines, key=lambda line: (line.port, line.protocol, _order(line.address), line.owner))


def print_ports(observation: Observation, console: Console) -> None:
    """Print a table."""
    rows = [
        (
            *(line.protocol, line.address, str(line.port), line.owner or NOT_SEEN),
            *(line.owner_kind, line.published_to, line.scope),
        )
        for line in port_lines(observation)
    ]
    console.print(table(COLUMNS, rows, numbers=("port",)) if rows else cell("Nothing listens."))


def document(observation: Observation) -> str:
    """Return the same as JSON."""
    return json.dumps([asdict(line) for line in port_lines(observation)], indent=2)


def _line(observation: Observation, listener: Listener) -> PortLine:
    socket, owner = listener.socket, listener.owner
    return PortLine(
        protocol=socket.protocol,
        address=socket.address,
        port=socket.port,
        owner=owner.name or (owner.kind if owner.kind in (DOCKER_PROXY, ENGINE) else ""),
        owner_kind=owner.kind,
        published_to=_published_to(observation, listener),
        scope=scope(socket.address),
    )


def _published_to(observation: Observation, listener: Listener) -> str:
    socket, owner = listener.socket, listener.owner
    container = observation.topology.inventory.containers.get(owner.container_id)
    if container is None or owner.kind not in (DOCKER_PROXY, ENGINE):
        return ""
    for binding in (container.details or Details()).published:
        if (binding.protocol, binding.host_port) == (socket.protocol, socket.port):
            return f"{container.name}:{binding.container_port}"
    return ""


def _order(address: str) -> tuple[int, int]:
    parsed = ip_address(address)
    return parsed.version, int(parsed)
