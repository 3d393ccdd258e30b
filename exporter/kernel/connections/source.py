"""Connections as one source: active where the programs can be loaded, else degraded with what is missing."""

import contextlib
import errno
import socket
import threading
from collections.abc import Mapping
from pathlib import Path

import psutil

from exporter.core.connections.interest import interest
from exporter.core.connections.reading import Reading
from exporter.core.model.docker import Container, Inventory
from exporter.core.model.inventory import sandboxed
from exporter.core.model.kernel_sample import Degraded, SourceState
from exporter.errors import SourceError
from exporter.kernel.connections.counter import ConnectionCounter
from exporter.kernel.connections.programs import read_host
from exporter.kernel.namespaces.shared import read_netns_inode
from exporter.kernel.read_source import timed
from exporter.kernel.sockets.cgroups import find_root, parse_container_ids, read_tree
from exporter.log import get_logger

NAME = "connections"
DETAILS = {
    "no_bpf": "grant CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN: connections are not counted",
    "no_btf": "make /sys/kernel/btf visible: connections are not counted",
    "unsupported": "kernel too old (needs Linux 5.15): connections are not counted",
}
HOST_MODE = "host"
OWN_NETNS = "/proc/thread-self/ns/net"

log = get_logger(component=NAME)


class ConnectionSource:
    """Made and started in the host's network namespace. `loaded` says whether it counts.

    Counting begins with the first inventory of a connected engine: before it no address is known. Not thread-safe; the
    adoption of older connections has a thread of its own.
    """

    def __init__(self, procfs: Path, sysfs: Path) -> None:
        self._procfs, self._sysfs = procfs, sysfs
        self._counter = ConnectionCounter(sysfs)
        self._missing: tuple[Degraded, ...] = ()
        self._attached = False
        self._adoption: threading.Thread | None = None
        self._inodes: dict[tuple[str, int], int] = {}
        self._stopping = False
        self.loaded = False
        self.older_counted = False
        self.host_cookie = 0

    def start(self) -> None:
        """Load the programs; a refusal is not an error but a Degraded value."""
        try:
            self.host_cookie = read_host().netns_cookie
            self._counter.open()
            self.loaded = True
        except SourceError as error:
            self._refuse(error.reason, str(error))
        except OSError as error:
            self._refuse("no_bpf" if error.errno == errno.EPERM else "unsupported", str(error))

    def stop(self) -> None:
        """Unload them."""
        self._stopping = True
        if self._adoption is not None:
            self._adoption.join()
        self._counter.close()
        self.loaded = False

    def update_inventory(self, inventory: Inventory) -> None:
        """Write what has to be kept; with the first inventory of a connected engine begin to count."""
        if not self.loaded:
            return
        _, state = timed(NAME, lambda: self._counter.update(interest(inventory, read_host_addresses())))
        if not state.up:
            log.warning("addresses not written", error=state.error)
        if not self._attached and inventory.connected:
            self._attached = True
            self._begin(inventory)

    def read(self) -> tuple[Reading | None, SourceState]:
        """Return all sums, and how reading them went."""
        return timed(NAME, self._counter.read)

    def namespaces(self, inventory: Inventory) -> Mapping[int, str]:
        """Return the containers that have a network namespace, by its inode; absent where not visible."""
        containers = {(c.id, c.pid): c for c in sandboxed(inventory) if c.pid}
        self._inodes = {
            key: self._inodes.get(key) or read_netns_inode(self._procfs, container)
            for key, container in containers.items()
        }
        return {inode: container_id for (container_id, _), inode in self._inodes.items() if inode}

    def degraded(self) -> tuple[Degraded, ...]:
        """Return what must be granted."""
        return self._missing

    def _refuse(self, reason: str, detail: str) -> None:
        log.info("programs not loaded", reason=reason, detail=detail)
        self._missing = (Degraded(NAME, reason, DETAILS.get(reason, detail)),)

    def _begin(self, inventory: Inventory) -> None:
        hosts = [c.id for c in inventory.containers.values() if c.live and c.network_mode == HOST_MODE]
        _, state = timed(NAME, lambda: self._name_cgroups(frozenset(hosts)))
        if not state.up:
            log.warning("cgroups not read", error=state.error)
        self._counter.attach()
        containers = sandboxed(inventory)
        self._adoption = threading.Thread(target=self._adopt, args=(containers,), name="adoption", daemon=True)
        self._adoption.start()

    def _name_cgroups(self, container_ids: frozenset[str]) -> None:
        """Name the cgroups of containers in host mode, which may listen already."""
        root = find_root(self._sysfs) if container_ids else None
        for cgroup_id, path in read_tree(str(root)) if root else ():
            for container_id in container_ids.intersection(parse_container_ids(path)):
                self._counter.name_cgroup(cgroup_id, container_id)

    def _adopt(self, containers: tuple[Container, ...]) -> None:
        try:
            self._counter.adopt(OWN_NETNS, follow=True)
            for container in containers:
                if self._stopping:
                    return
                self._adopt_container(container)
        except (OSError, SourceError) as error:
            log.info("connections older than the exporter are not counted", error=str(error))
        else:
            self._counter.complete()
            self.older_counted = True

    def _adopt_container(self, container: Container) -> None:
        """One that ends meanwhile has no connections to adopt."""
        if read_netns_inode(self._procfs, container):
            self._counter.adopt(str(self._procfs / str(container.pid) / "ns/net"), follow=True)
        elif container.sandbox_key:
            with contextlib.suppress(FileNotFoundError):
                self._counter.adopt(container.sandbox_key)


def read_host_addresses() -> list[str]:
    """Return the addresses of the calling thread's network namespace."""
    families = (socket.AF_INET, socket.AF_INET6)
    return [a.address for found in psutil.net_if_addrs().values() for a in found if a.family in families]
