"""The query of `explain`: a port of the host, or a container."""

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from exporter.core.model.container_details import Details, PortBinding
from exporter.core.model.docker import Container, Inventory

SHORTEST_ID = 4  # of a target, which is a name first
MAX_NAMED = 5
PROTOCOLS = ("tcp", "udp", "sctp")
MAX_PORT = 65535
# Of containers and of Swarm services: moby/daemon/names.
NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*")
_PORT = re.compile(r"(?:(?P<before>[a-z]+)/)?(?P<port>[0-9]{1,5})(?:/(?P<after>[a-z]+))?")


class NoContainerError(LookupError):
    """A text names no container; its own text is one line that says so."""


class Query(Struct, frozen=True):
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


def find_container(inventory: Inventory, text: str, shortest: int = 1) -> Container | None:
    """Return the container of that name, or the only one whose ID begins so; a number is a port first."""
    found = find_source(inventory, text)
    is_prefix = found is not None and found.name != text.removeprefix("/")
    return None if is_prefix and (len(text) < shortest or parse_query(text) is not None) else found


def find_source(inventory: Inventory, text: str) -> Container | None:
    """Return the container of that name, or the only one whose ID begins so, as docker(1) does: also a number.

    A name that another container or a service has, such as `db`, is meant as that name.
    """
    name = text.removeprefix("/")  # of `docker inspect`
    named = next((c for c in inventory.containers.values() if c.name == name), None)
    if named or len(by_id := _with_id(inventory, name)) != 1:
        return named
    others = any(name in _aliases(c) for c in inventory.containers.values() if c is not by_id[0])
    return None if others or any(port.service == name for port in inventory.mesh_ports) else by_id[0]


def why_no_container(inventory: Inventory, text: str) -> str:
    """Say that there is no such container, and what the text is instead: the beginning of several IDs, or an alias."""
    text = text.removeprefix("/")
    by_id = _with_id(inventory, text)
    if len(by_id) > 1:
        return f"the IDs of {len(by_id)} containers begin with {text}: {_listed(by_id)}"
    aliased = [c for c in inventory.containers.values() if c.live and text in _aliases(c)]
    hint = f"; it is a name of {_listed(aliased)} on a network" if aliased else ""
    return f"there is no container {text}{hint}"


def _with_id(inventory: Inventory, prefix: str) -> list[Container]:
    return [c for c in inventory.containers.values() if prefix and c.id.startswith(prefix)]


def _aliases(container: Container) -> Iterator[str]:
    for endpoint in (container.details or Details()).endpoints:
        yield from (*endpoint.names, *endpoint.aliases)


def _listed(containers: Sequence[Container]) -> str:
    names = sorted(c.name for c in containers)
    more = len(names) - MAX_NAMED
    return ", ".join(names[:MAX_NAMED]) + (f" and {more} more" if more > 0 else "")


def bindings_of(container: Container) -> tuple[PortBinding, ...]:
    """Return the bindings in effect, then those that are configured and are not."""
    details = container.details or Details()
    effective = {(b.protocol, b.container_port) for b in details.published}
    return (*details.published, *(b for b in details.bindings if (b.protocol, b.container_port) not in effective))
