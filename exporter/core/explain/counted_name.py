"""The name that a container's connections are counted under."""

from exporter.core.connections.pair import ConnectionReport
from exporter.core.explain.query import NoContainerError, find_source, why_no_container
from exporter.core.model.docker import Inventory


def counted_name(inventory: Inventory, report: ConnectionReport | None, text: str) -> str:
    """Return the name that a container's connections are counted under: by its name or the beginning of its ID.

    It is the owner of its network namespace; or a container that is gone, by name. Raises NoContainerError.
    """
    name, found = text.removeprefix("/"), find_source(inventory, text)
    gone = report is not None and any(name in (pair.container, pair.peer) for pair in report.pairs)
    if found is not None and (found.name == name or not gone):
        return inventory.containers.get(found.network_owner, found).name
    if name and gone:
        return name
    unknown = "" if inventory.connected else "; the Docker Engine does not answer"
    raise NoContainerError(f"{why_no_container(inventory, text)}{unknown}")
