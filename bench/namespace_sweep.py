"""TCP and UDP statistics of namespaces, each of its own and with a process in it, against reading the files alone.

`python -m bench.namespace_sweep` prints this part alone; needs root.
"""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.figures import MS, US, Row, Times, measured, number, table
from bench.netns import entered, new_namespaces
from bench.scale import QUICK, Scale
from exporter.core.inventory import sandboxed
from exporter.core.model import Container, Inventory
from exporter.core.namespace_stats import NamespaceLedger, NamespaceStats
from exporter.kernel.namespace_stats import read_namespace_stats
from exporter.kernel.sweep import SLICE, NamespaceSweep
from tests.waiting import until

PROC = Path("/proc")
COUNT = 300
ROUNDS = 5
FILES = ("cgroup", "net/snmp", "net/netstat")
ID = "/"  # each process's cgroup has it
TURNS = 10


def rows(scale: Scale) -> Iterator[Row]:
    """The table's rows."""
    with sleepers(COUNT) as pids:
        yield from _each(pids, ROUNDS if scale is not QUICK else 2)
        yield from _swept(pids)
    yield from _summed(1000)


@contextmanager
def sleepers(count: int) -> Iterator[list[int]]:
    """Sleeping processes, each in a network namespace of its own."""
    processes = []
    try:
        for namespace in new_namespaces(count):
            with entered(namespace):
                processes.append(subprocess.Popen(["sleep", "1000"], close_fds=False))
            os.close(namespace)
        yield [process.pid for process in processes]
    finally:
        for process in processes:
            process.kill()
        for process in processes:
            process.wait()


def _each(pids: list[int], rounds: int) -> Iterator[Row]:
    plain, ours = Times(), Times()
    for _ in range(rounds):
        for pid in pids:
            plain.all += measured(1, lambda pid=pid: _plain(pid)).all  # type: ignore[misc]  # bound at once
            ours.all += measured(1, lambda pid=pid: _ours(pid)).all  # type: ignore[misc]  # bound at once
    size = f"{len(pids)} namespaces"
    yield Row("namespace: open, read, close of its files", size, plain.tail(US, "us"))
    yield Row("namespace: ours, parsed", size, ours.tail(US, "us"), ours.times(plain, "plain"))


def _plain(pid: int) -> None:
    for name in FILES:
        descriptor = os.open(f"/proc/{pid}/{name}", os.O_RDONLY)
        os.read(descriptor, 1 << 15)
        os.close(descriptor)


def _ours(pid: int) -> None:
    if read_namespace_stats(PROC, ID, pid) is None:
        raise RuntimeError(f"process {pid} is gone")


def _swept(pids: list[int]) -> Iterator[Row]:
    """All slices of a sweep, and the CPU time that its thread takes for ten of its turns."""
    containers = tuple(Container(f"{ID}{'':{number}}"[:1], str(pid), "", "running", "bridge", pid=pid)
                       for number, pid in enumerate(pids))
    yield Row("x")
