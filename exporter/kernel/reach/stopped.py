"""Listening sockets of processes that do not run: the kernel accepts their connections, and nothing answers."""

from collections.abc import Collection, Mapping
from pathlib import Path

from msgspec import Struct

from exporter.core.model.sockets import ListeningSocket
from exporter.kernel.sockets.process_condition import read_condition
from exporter.kernel.sockets.processes import (
    find_holders,
    is_frozen,
    is_in_namespace,
    read_pids,
)


class Halted(Struct, frozen=True):
    """All processes, and those of them that a signal has stopped or the freezer of their cgroup holds."""

    pids: tuple[int, ...]
    stopped: frozenset[int]
    frozen: frozenset[int]


def read_halted(procfs: Path) -> Halted:
    """Look at every process once."""
    pids = tuple(read_pids(procfs))
    stopped = frozenset(pid for pid in pids if read_condition(procfs, pid).stopped)
    return Halted(pids, stopped, frozenset(pid for pid in pids if pid not in stopped and is_frozen(procfs, pid)))


def read_stopped(procfs: Path, sockets: Collection[ListeningSocket], processes: Halted) -> Mapping[int, int]:
    """Return the inodes of sockets that halted processes alone hold, each with the pid of a holder.

    Descriptors are read only where a process is halted, which is rare. A process of the same network namespace whose
    descriptors are hidden may hold a socket, too: that one is left out.
    """
    inodes = {socket.inode for socket in sockets if socket.inode}
    pids, stopped = processes.pids, processes.stopped | processes.frozen
    held, _ = find_holders(procfs, [pid for pid in pids if pid in stopped] if inodes else [], inodes)
    if not held:
        return {}
    running, denied = find_holders(procfs, [pid for pid in pids if pid not in stopped], held)
    alone = {inode: one.pid for inode, one in held.items() if inode not in running}
    return {inode: pid for inode, pid in alone.items() if not _has_hidden(procfs, pid, denied)}


def _has_hidden(procfs: Path, pid: int, denied: Collection[int]) -> bool:
    """Whether one of the processes whose descriptors are hidden is in the network namespace of another one."""
    try:
        namespace = (procfs / str(pid) / "net/snmp").stat().st_ino
    except OSError:
        return bool(denied)
    return any(is_in_namespace(procfs, one, namespace) for one in denied)
