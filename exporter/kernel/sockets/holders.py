"""Which process holds a socket, remembered: a walk over the descriptors of all processes takes 0.2 s on a busy host.

A socket is looked for when it is new. The processes in the cgroup that it was made in come first, and as a rule one of
them has it. A second look comes a little later: a daemon forks, and the engine hands its sockets over to docker-proxy.
"""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from exporter.core.model.sockets import ListeningSocket
from exporter.core.ports.socket_owner import KERNEL, Process
from exporter.kernel.namespaces.stats import read_own_namespace
from exporter.kernel.sockets.cgroups import CgroupTree
from exporter.kernel.sockets.processes import (
    INIT,
    Held,
    find_holders,
    is_alive,
    is_held,
    is_in_namespace,
    read_pids,
    read_process,
    read_proxies,
    sees_all_processes,
)

SECOND_LOOK_SECONDS = 10.0
UNTOLD_LOOK_SECONDS = 300.0  # between the later looks for one that none has told
ALIVE_SECONDS = 5.0  # how soon it is seen that a holder has ended and another has the socket
NEVER = float("inf")
BY_THE_KERNEL = Process(0, KERNEL)

Sockets = Mapping[int, ListeningSocket]  # by inode


@dataclass(frozen=True, slots=True)
class Holding:
    """Who holds a socket, None when it could not be told; `due` is when to look again.

    `path` is the descriptor in /proc, '' where it was not seen.
    """

    process: Process | None
    due: float
    path: str = ""


class HolderTable:
    """Inode -> who holds the socket, for the sockets that it is told to follow. Made in their network namespace."""

    def __init__(self, procfs: Path, tree: CgroupTree, clock: Callable[[], float] = time.monotonic) -> None:
        self._procfs = procfs
        self._tree = tree
        self._clock = clock
        self._holdings: dict[int, Holding] = {}
        self._alive_due = 0.0
        self._next_due = NEVER
        self._namespace = read_own_namespace()
        self.sees_all = sees_all_processes(procfs)

    def process(self, inode: int) -> Process | None:
        """Return who holds a socket that is followed; None where that could not be told."""
        holding = self._holdings.get(inode)
        return holding.process if holding else None

    def due(self) -> bool:
        """Whether a socket may have another holder though it is the same."""
        return self._clock() >= min(self._next_due, self._alive_due)

    def follow(self, sockets: Sockets) -> bool:
        """Take the sockets that there are now; return whether the holder of any is another than before."""
        now = self._clock()
        before = self._holdings
        self._holdings = {inode: before[inode] for inode in sockets.keys() & before.keys()}
        self._forget_ended(now)
        self._forget_passed_on(now)
        new = {inode: sockets[inode] for inode in sockets.keys() - self._holdings.keys()}
        if new:
            self._look(new, before, now)
        self._next_due = min((holding.due for holding in self._holdings.values()), default=NEVER)
        fresh = [(before.get(inode), one) for inode, one in self._holdings.items() if one is not before.get(inode)]
        return any(earlier is None or earlier.process != one.process for earlier, one in fresh)

    def _forget_ended(self, now: float) -> None:
        """Forget what processes had that are gone. One descriptor of each is asked: of a zombie none is left."""
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
        self._alive_due = now + ALIVE_SECONDS

    def _lives(self, pid: int, inode: int, path: str) -> bool:
        return is_held(path, inode) if path else is_alive(self._procfs, pid)

    def _forget_passed_on(self, now: float) -> None:
        """Check those that are due: what was passed on meanwhile is forgotten, and what nobody was found for."""
        for inode, holding in tuple(self._holdings.items()):
            if now < holding.due:
                continue
            process = holding.process
            if process and process.pid and self._lives(process.pid, inode, holding.path):
                self._holdings[inode] = replace(holding, due=NEVER)
            else:
                del self._holdings[inode]

    def _look(self, new: Sockets, before: Collection[int], now: float) -> None:
        found, denied = self._search(new)
        processes = {pid: read_process(self._procfs, pid) for pid in {held.pid for held in found.values()}}
        told = {inode: process for inode, held in found.items() if (process := processes[held.pid])}
        if denied:
            told.update(self._by_command_line(new, new.keys() - told.keys()))
        rest = BY_THE_KERNEL if self._nobody_has(new.keys() - told.keys(), denied) else None
        for inode in new:
            process = told.get(inode, rest)
            later = NEVER if process else now + UNTOLD_LOOK_SECONDS
            due = later if inode in before else now + SECOND_LOOK_SECONDS
            self._holdings[inode] = Holding(process, due, found[inode].path if inode in found else "")

    def _search(self, new: Sockets) -> tuple[dict[int, Held], set[int]]:
        """Look into the processes of the sockets' own cgroups, then into all others."""
        cgroups = {socket.cgroup_id for socket in new.values()}
        likely = {pid for cgroup_id in cgroups for pid in self._tree.processes(cgroup_id) if pid > INIT}
        others = (pid for pid in read_pids(self._procfs) if pid not in likely)
        return find_holders(self._procfs, (*sorted(likely), *others), new)

    def _nobody_has(self, rest: Collection[int], denied: Collection[int]) -> bool:
        """Whether no process can have the rest: all that live in this namespace were looked into."""
        if not rest or not self.sees_all:
            return False
        return not any(is_in_namespace(self._procfs, pid, self._namespace) for pid in denied)

    def _by_command_line(self, sockets: Sockets, inodes: Collection[int]) -> dict[int, Process]:
        """Find docker-proxies that cannot be looked into by what they say of themselves.

        One within a container belongs to an engine in there: it is for another namespace.
        """
        told = {}
        for pid, proxy in read_proxies(self._procfs).items():
            process = read_process(self._procfs, pid)
            if process and not process.container_ids:
                told[proxy.protocol, proxy.host_ip, proxy.host_port] = process
        places = {inode: (sockets[inode].protocol, sockets[inode].address, sockets[inode].port) for inode in inodes}
        return {inode: told[place] for inode, place in places.items() if place in told}
