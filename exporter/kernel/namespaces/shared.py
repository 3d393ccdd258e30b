"""Network namespaces of containers that share one, by inode: a sharer stays in the namespace of an owner that ended."""

from collections.abc import Mapping
from pathlib import Path

from exporter.core.model.docker import Container, Inventory
from exporter.kernel.proc import GONE, is_container_process


def read_shared_netns(procfs: Path, inventory: Inventory) -> Mapping[str, int]:
    """Return container id -> inode of its network namespace, of sharers and their owners; absent where not visible."""
    sharers = [c for c in inventory.containers.values() if c.live and c.network_owner]
    owners = [owner for c in sharers if (owner := inventory.containers.get(c.network_owner)) and owner.live]
    found = {container.id: read_netns_inode(procfs, container) for container in (*sharers, *owners)}
    return {container_id: inode for container_id, inode in found.items() if inode}


def read_netns_inode(procfs: Path, container: Container) -> int:
    """Return the inode of a container's network namespace; 0 where its process is gone or hidden, or another's."""
    if not container.pid or not is_container_process(procfs, container.pid, container.id):
        return 0
    try:
        return (procfs / str(container.pid) / "ns/net").stat().st_ino
    except OSError as error:
        if error.errno in GONE or isinstance(error, PermissionError):
            return 0
        raise
