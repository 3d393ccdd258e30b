"""The query of `explain`: a port of the host, or a container."""

import re
from dataclasses import dataclass

from exporter.core.model.container_details import Details, PortBinding
from exporter.core.model.docker import Container, Inventory

SHORTEST_ID = 4
PROTOCOLS = ("tcp", "udp", "sctp")
MAX_PORT = 65535
# Of containers and of Swarm services: moby/daemon/names.
NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*")
_PORT = re.compile(r"(?:(?P<before>[a-z]+)/)?(?P<port>[0-9]{1,5})(?:/(?P<after>[a-z]+))?")


@dataclass(frozen=True, slots=True)
class Query:
    """A port of the host; `protocol` is '' for any."""

    protocol: str
    port: int


def parse_query(text: str) -> Query | None:
    """Parse 8080, tcp/8080 or 8080/udp; None for anything else, which may be a container's name."""
    match = _PORT.fullmatch(text.lower())
    if match is None or (match["before"] and match["after"]):
        return None
    protocol, port = match["before"] or match["after"] or "", int(match["port"])
    fits = protocol in ("", *PROTOCOLS) and 0 < port <= MAX_PORT
    return Query(protocol, port) if fits else None


def find_container(inventory: Inventory, text: str) -> Container | None:
    """Return the container of that name, or the only one whose ID begins so; a number is a port first."""
    found = inventory.containers.values()
    named = [c for c in found if c.name == text]
    by_id = [c for c in found if len(text) >= SHORTEST_ID and c.id.startswith(text)]
    return named[0] if named else by_id[0] if len(by_id) == 1 and parse_query(text) is None else None


def bindings_of(container: Container) -> tuple[PortBinding, ...]:
    """Return the bindings in effect, then those that are configured and are not."""
    details = container.details or Details()
    effective = {(b.protocol, b.container_port) for b in details.published}
    return (*details.published, *(b for b in details.bindings if (b.protocol, b.container_port) not in effective))
