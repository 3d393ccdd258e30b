"""Which process holds a socket, cached: a walk over the descriptors of all processes takes 0.2 s on a busy host.

A new socket is searched for in the processes of the cgroup that it was made in, then in all others. The search is
repeated a little later: a daemon forks, and the engine passes its sockets on to docker-proxy.
"""

import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from exporter.core.model.sockets import KERNEL, ListeningSocket
from exporter.core.ports.socket_owner import Process
from exporter.kernel.late_call import LateCall
from exporter.kernel.namespaces.stats import read_own_namespace
from exporter.kernel.sockets.cgroups import CgroupTree
from exporter.kernel.sockets.kinship import UNKNOWN, EngineProcess
from exporter.kernel.sockets.processes import (
    INIT,
    Held,
    find_holders,
    is_alive,
    is_held,
    is_in_namespace,
    read_cgroups,
    read_pids,
    read_process,
    read_proxies,
    sees_all_processes,
)

SECOND_SEARCH_DELAY = 10.0
UNKNOWN_RETRY_INTERVAL = 300.0  # between further searches for an unknown holder
ALIVE_INTERVAL = 30.0  # between two checks that holders still have their sockets
# A user without privileges can open millions of descriptors, and a new socket every few milliseconds.
SEARCH_SECONDS = 0.3
NEVER = float("inf")
BY_THE_KERNEL = Process(0, KERNEL)

Sockets = Mapping[int, ListeningSocket]  # by inode


class Holding(Struct, frozen=True):
    """The process that holds a socket, None where it is unknown; `due` is when to check it again.

    `path` is the descriptor in /proc, '' where it is not visible.
    """

    process: Process | None
    due: float
    path: str = ""


class Search(Struct, frozen=True):
    """The result of a search for sockets: who holds which, and the processes whose descriptors are not readable."""

    sockets: Sockets
    found: Mapping[int, Held]
    denied: Collection[int]


class HolderTable:
    """Inode -> the process that holds the socket, for the last update's sockets. Made in their network namespace."""

    def __init__(self, procfs: Path, tree: CgroupTree, clock: Callable[[], float] = time.monotonic) -> None:
        self._procfs = procfs
        self._tree = tree
        self._clock = clock
        self._holdings: dict[int, Holding] = {}
        self._alive_due = 0.0
        self._next_due = NEVER
        self._namespace = read_own_namespace()
        self._searching = LateCall[Search]("holders", SEARCH_SECONDS)
        self.sees_all = sees_all_processes(procfs)
        self._engine = UNKNOWN

    def update_engine(self, engine: EngineProcess) -> None:
        """Set the engine's process; holders are read anew."""
        self._engine = engine
        self._holdings = {}

    def stop(self) -> None:
        """Begin no further search."""
        self._searching.stop()

    def process(self, inode: int) -> Process | None:
        """Return the process that holds a socket of the last update; None where it is unknown."""
        holding = self._holdings.get(inode)
        return holding.process if holding else None

    def due(self) -> bool:
        """Whether holders have to be checked though the sockets are the same."""
        return self._clock() >= min(self._next_due, self._alive_due)

    def update(self, sockets: Sockets) -> bool:
        """Replace the sockets; return whether the holder of any has changed."""
        now = self._clock()
        before = self._holdings
        self._holdings = {inode: before[inode] for inode in sockets.keys() & before.keys()}
        self._evict_ended(now)
        self._check_due(now)
        new = {inode: sockets[inode] for inode in sockets.keys() - self._holdings.keys()}
        if new and (search := self._searching.poll(lambda: self._search(new))):
            searched = {inode: socket for inode, socket in new.items() if inode in search.sockets}
            self._add(searched, search, before, now)
        is_open = len(self._holdings) < len(sockets)  # a search is late, or was for others
        self._next_due = now if is_open else min((holding.due for holding in self._holdings.values()), default=NEVER)
        fresh = [(before.get(inode), one) for inode, one in self._holdings.items() if one is not before.get(inode)]
        return any(earlier is None or earlier.process != one.process for earlier, one in fresh)

    def _evict_ended(self, now: float) -> None:
        """Evict the sockets of processes that are gone, by one descriptor of each: a zombie has none."""
        if now < self._alive_due:
            return
        samples = {one.process.pid: (inode, one.path) for inode, one in self._holdings.items() if one.process}
        ended = {pid for pid, (inode, path) in samples.items() if pid and not self._lives(pid, inode, path)}
        if ended:
            self._holdings = {
                inode: one
                for inode, one in self._holdings.items()
                if one.process is None or one.process.pid not in ended
            }
        self._alive_due = now + ALIVE_INTERVAL

    def _lives(self, pid: int, inode: int, path: str) -> bool:
        return is_held(path, inode) if path else is_alive(self._procfs, pid)

    def _check_due(self, now: float) -> None:
        """Evict what is due and was passed on meanwhile, or had no known holder."""
        for inode, holding in tuple(self._holdings.items()):
            if now < holding.due:
                continue
            process = holding.process
            if process and process.pid and self._lives(process.pid, inode, holding.path):
                self._holdings[inode] = replace(holding, due=NEVER)
            else:
                del self._holdings[inode]

    def _add(self, new: Sockets, search: Search, before: Collection[int], now: float) -> None:
        found, denied = {inode: held for inode, held in search.found.items() if inode in new}, search.denied
        processes = {pid: self._read_process(pid) for pid in {held.pid for held in found.values()}}
        known = {inode: process for inode, held in found.items() if (process := processes[held.pid])}
        if denied:
            known.update(self._by_command_line(new, new.keys() - known.keys()))
        rest = BY_THE_KERNEL if self._without_process(new.keys() - known.keys(), denied) else None
        for inode in new:
            process = known.get(inode, rest)
            later = NEVER if process else now + UNKNOWN_RETRY_INTERVAL
            due = later if inode in before else now + SECOND_SEARCH_DELAY
            self._holdings[inode] = Holding(process, due, found[inode].path if inode in found else "")

    def _search(self, new: Sockets) -> Search:
        """Search the processes of the sockets' own cgroups, then all others."""
        cgroups = {socket.cgroup_id for socket in new.values()}
        likely = {pid for cgroup_id in cgroups for pid in self._tree.processes(cgroup_id) if pid > INIT}
        others = (pid for pid in read_pids(self._procfs) if pid not in likely)
        return Search(new, *find_holders(self._procfs, (*sorted(likely), *others), new))

    def _without_process(self, rest: Collection[int], denied: Collection[int]) -> bool:
        """Whether no process can hold the rest: the descriptors of all in this namespace were read."""
        if not rest or not self.sees_all:
            return False
        return not any(is_in_namespace(self._procfs, pid, self._namespace) for pid in denied)

    def _by_command_line(self, sockets: Sockets, inodes: Collection[int]) -> dict[int, Process]:
        """Find docker-proxies whose descriptors are not readable by their command lines, users and namespaces.

        Another engine's has its own namespace, and may have the same command line.
        """
        proxies = {}
        for pid, proxy in read_proxies(self._procfs).items():
            process = self._read_process(pid) if is_in_namespace(self._procfs, pid, self._namespace) else None
            if process and not process.container_ids:
                proxies[proxy.protocol, proxy.host_ip, proxy.host_port, process.uid] = process
        found = {inode: sockets[inode] for inode in inodes}
        keys = {inode: (one.protocol, one.address, one.port, one.uid) for inode, one in found.items()}
        return {inode: proxies[key] for inode, key in keys.items() if key in proxies}

    def _read_process(self, pid: int) -> Process | None:
        return read_process(self._procfs, pid, self._tree.engine_slice, self._is_kin)

    def _is_kin(self, pid: int, parent: int) -> bool | None:
        return self._engine.is_kin(pid, parent, read_cgroups(self._procfs, pid))
