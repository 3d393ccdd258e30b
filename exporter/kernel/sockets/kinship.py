"""Which processes belong to the engine: its own, its children, and those in its cgroup.

The engine's process is the one behind its socket (SO_PEERCRED). Where systemd listens for the engine, it is the service
of that socket. A name or a command line is not evidence: any process has the one that it chooses.
"""

from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from exporter.core.ports.socket_owner import ENGINES
from exporter.kernel.sockets.processes import INIT, read_cgroups, read_name, read_pids

SERVICE = "/system.slice/docker.service"  # only root makes cgroups there
ROOT = "/"


class EngineProcess(Struct, frozen=True):
    """`pid` is 0 and `cgroups` are empty where they are not known."""

    pid: int = 0
    cgroups: frozenset[str] = frozenset()

    def is_kin(self, pid: int, parent: int, cgroups: frozenset[str]) -> bool | None:
        """Whether a process belongs to the engine; None where that is not known."""
        if self.pid and self.pid in (pid, parent):
            return True
        return not self.cgroups.isdisjoint(cgroups) if self.cgroups else None


UNKNOWN = EngineProcess()


def read_engine_process(procfs: Path, pid: int) -> EngineProcess:
    """Find the engine behind a socket of this process: not known for a proxy, and where it is not visible.

    A process in the root of all cgroups shares it with others: then only its children are known.
    """
    if pid and read_name(procfs, pid) in ENGINES:
        return EngineProcess(pid, read_cgroups(procfs, pid) - {ROOT})
    if pid == INIT and any(SERVICE in read_cgroups(procfs, one) for one in _named_as_engines(procfs)):
        return EngineProcess(cgroups=frozenset({SERVICE}))
    return UNKNOWN


def _named_as_engines(procfs: Path) -> Iterator[int]:
    return (pid for pid in read_pids(procfs) if read_name(procfs, pid) in ENGINES)
