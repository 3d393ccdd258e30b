"""Listening sockets that stopped processes alone hold: the kernel accepts their connections, and nothing answers."""

from collections.abc import Collection, Mapping
from pathlib import Path

from exporter.core.model.sockets import ListeningSocket
from exporter.kernel.sockets.processes import find_holders, is_stopped, read_pids


def read_stopped(procfs: Path, sockets: Collection[ListeningSocket]) -> Mapping[int, int]:
    """Return the inodes of such sockets, each with the pid of a holder. Nothing where descriptors are hidden.

    Descriptors are read only where a process is stopped, which is rare.
    """
    inodes = {socket.inode for socket in sockets if socket.inode}
    pids = read_pids(procfs) if inodes else []
    stopped = [pid for pid in pids if is_stopped(procfs, pid)]
    held, _ = find_holders(procfs, stopped, inodes)
    if not held:
        return {}
    running, denied = find_holders(procfs, [pid for pid in pids if pid not in stopped], held)
    return {} if denied else {inode: one.pid for inode, one in held.items() if inode not in running}
