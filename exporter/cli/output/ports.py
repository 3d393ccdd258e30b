"""The output of `ports`: the owner of every listening port of the host."""

import json
from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict
from rich.console import Console

from exporter.cli.output.table import cell, print_table
from exporter.core.model.container_details import Details
from exporter.core.model.sockets import ENGINE, Listener, Owner
from exporter.core.observation import Observation
from exporter.core.ports.listen_address import FOR_CONTAINERS
from exporter.core.ports.scope import scope

COLUMNS = ("protocol", "address", "port", "owner", "kind", "published to", "reachable from")
NOT_SEEN = "(not visible)"
# Reasons for which owners of ports are unknown.
RELEVANT = frozenset({"engine", "host_network", "sockets", "socket_owners", "inspects"})


class PortLine(Struct, frozen=True):
    """A listening socket, or several equal ones.

    `published_to` is the container's port as NAME:PORT, or that of a Swarm service as `service NAME:PORT`.
    """

    protocol: str
    address: str
    port: int
    owner: str
    owner_kind: str
    published_to: str
    scope: str


def port_lines(observation: Observation) -> list[PortLine]:
    """Return them by port; sockets of one owner at one address are one line."""
    listeners = observation.sockets.listeners if observation.sockets else ()
    lines = dict.fromkeys(_line(observation, listener) for listener in listeners)
    return sorted(lines, key=_sort_key)


def parse_port_lines(document: Mapping[str, Any]) -> list[PortLine] | None:
    """Parse /api/v1/ports; None where listeners could not be read. Raises KeyError, TypeError or ValueError."""
    if document["listeners"] is None:
        return None
    published = [
        (one["container"], one["protocol"], int(one["host_port"]), one["container_port"])
        for one in document["published"]
    ]
    mesh = {int(one["host_port"]): f"service {one['service']}:{one['container_port']}" for one in document["mesh"]}
    lines = dict.fromkeys(_parse_line(one, published, mesh) for one in document["listeners"])
    return sorted(lines, key=_sort_key)


def print_ports(lines: Iterable[PortLine], console: Console) -> None:
    """Print a table."""
    rows = [
        (
            *(line.protocol, line.address, str(line.port), line.owner or NOT_SEEN),
            *(line.owner_kind, line.published_to, line.scope),
        )
        for line in lines
    ]
    if rows:
        print_table(console, COLUMNS, rows, numbers=("port",))
    else:
        console.print(cell("No listening ports."))


def document(lines: Iterable[PortLine]) -> str:
    """Return the JSON form."""
    return json.dumps([asdict(line) for line in lines], indent=2)


def _parse_line(
    one: Mapping[str, Any], published: Iterable[tuple[str, str, int, int]], mesh: Mapping[int, str]
) -> PortLine:
    kind, container, port = str(one["owner_kind"]), str(one["owner"]), int(one["port"])
    ends = [
        f"{name}:{inside}"
        for name, protocol, outside, inside in published
        if kind in FOR_CONTAINERS and (name, protocol, outside) == (container, one["protocol"], port)
    ]
    return PortLine(
        protocol=str(one["protocol"]),
        address=str(one["address"]),
        port=port,
        owner=_shown(container, kind),
        owner_kind=kind,
        published_to=ends[0] if ends else mesh.get(port, "") if (kind, container) == (ENGINE, "") else "",
        scope=str(one["scope"]),
    )


def _line(observation: Observation, listener: Listener) -> PortLine:
    socket, owner = listener.socket, listener.owner
    return PortLine(
        protocol=socket.protocol,
        address=socket.address,
        port=socket.port,
        owner=_shown(owner.name, owner.kind),
        owner_kind=owner.kind,
        published_to=_published_to(observation, listener),
        scope=scope(socket.address),
    )


def _published_to(observation: Observation, listener: Listener) -> str:
    socket, owner = listener.socket, listener.owner
    container = observation.topology.inventory.containers.get(owner.container_id)
    if owner == Owner(ENGINE):
        mesh = observation.topology.inventory.mesh_ports
        return next((str(port) for port in mesh if port.host_port == socket.port), "")
    if container is None or owner.kind not in FOR_CONTAINERS:
        return ""
    for binding in (container.details or Details()).published:
        if (binding.protocol, binding.host_port) == (socket.protocol, socket.port):
            return f"{container.name}:{binding.container_port}"
    return ""


def _shown(name: str, kind: str) -> str:
    """Return the owner's name; an engine's or docker-proxy's listener without a container is shown by its kind."""
    return name or (kind if kind in FOR_CONTAINERS else "")


def _sort_key(line: PortLine) -> tuple[int, str, tuple[int, int], str]:
    return line.port, line.protocol, _order(line.address), line.owner


def _order(address: str) -> tuple[int, int]:
    parsed = ip_address(address)
    return parsed.version, int(parsed)
