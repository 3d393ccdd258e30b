"""TCP and UDP statistics of namespaces, each with a process in it, against reading the same files and no more.

`python -m bench.namespace_sweep` prints this part alone; it needs root.
"""

import math
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from bench.figures import MS, US, Row, Times, judged, measured, number, table, took
from bench.netns import entered, new_namespaces
from bench.scale import QUICK, Scale
from exporter.core.model.docker import Container, Engine, Inventory
from exporter.core.model.inventory import with_listing
from exporter.core.traffic.tcp_udp_ledger import NamespaceLedger, NamespaceStats
from exporter.kernel.namespaces.stats import read_namespace_stats
from exporter.kernel.namespaces.sweep import INTERVAL_SECONDS, SLICE, sweep_statistics

COUNT = 300
MANY = 1000
SLICE_GOAL_MS = 5
FILES = ("cgroup", "net/snmp", "net/netstat")


def rows(scale: Scale) -> Iterator[Row]:
    """The table's rows."""
    rounds = max(2, scale.bursts // 5)
    with sleepers(COUNT) as pids, tempfile.TemporaryDirectory(prefix="dockernet-bench-") as folder:
        containers = tuple(_container(Path(folder), pid) for pid in pids)
        yield from _each(Path(folder), containers, rounds)
        yield from _swept(Path(folder), containers, rounds)
    yield from _summed(rounds)


@contextmanager
def sleepers(count: int) -> Iterator[list[int]]:
    """Sleeping processes, each in a network namespace of its own; all are gone after the block."""
    processes: list[subprocess.Popen[bytes]] = []
    try:
        for namespace in new_namespaces(count):
            with entered(namespace):
                processes.append(subprocess.Popen(["sleep", "1000"]))
            os.close(namespace)
        yield [process.pid for process in processes]
    finally:
        for process in processes:
            process.kill()
        for process in processes:
            process.wait()


def _container(procfs: Path, pid: int) -> Container:
    """A process as if an engine had made it: its cgroup is named after a container."""
    (procfs / f"{pid}").mkdir()
    (procfs / f"{pid}/net").symlink_to(f"/proc/{pid}/net")
    (procfs / f"{pid}/cgroup").write_text(f"0::/system.slice/docker-{pid:064d}.scope\n")
    return Container(f"{pid:064d}", f"sleeper-{pid}", "", "running", "bridge", pid=pid)


def _each(procfs: Path, containers: tuple[Container, ...], rounds: int) -> Iterator[Row]:
    """By turns, so that the noise of the machine hits both; all of one before the other finds a namespace in caches."""
    plain, ours = Times(), Times()
    for _ in range(rounds):
        plain.all += [took(partial(_plain, procfs, container.pid)) for container in containers]
        ours.all += [took(partial(_ours, procfs, container)) for container in containers]
    size = f"{len(containers)} namespaces"
    yield Row("namespace: its files opened, read, closed", size, plain.tail(US, "us"))
    yield Row("namespace: ours", size, ours.tail(US, "us"), ours.times(plain, "plain"))


def _plain(procfs: Path, pid: int) -> None:
    for name in FILES:
        descriptor = os.open(f"{procfs}/{pid}/{name}", os.O_RDONLY | os.O_CLOEXEC)
        os.read(descriptor, 1 << 15)
        os.close(descriptor)


def _ours(procfs: Path, container: Container) -> None:
    if read_namespace_stats(procfs, container.id, container.pid) is None:
        raise RuntimeError(f"process {container.pid} is gone")


def _swept(procfs: Path, containers: tuple[Container, ...], rounds: int) -> Iterator[Row]:
    """Every slice of some sweeps, at a clock that leaves out the pauses between them."""
    now = 0.0
    sweep = sweep_statistics(procfs, clock=lambda: now)
    sweep.update(containers)
    slices = Times()
    while len(sweep.snapshot()[0]) < len(containers):
        sweep.step()
    turns = math.ceil(len(containers) / SLICE)
    for _ in range(rounds * turns):
        slices.all.append(took(sweep.step))
        now += INTERVAL_SECONDS / turns
    goal = judged(f"<= {SLICE_GOAL_MS} ms", met=slices.middle * MS <= SLICE_GOAL_MS)
    whole = sum(slices.all) / rounds * MANY / len(containers)
    share = whole / INTERVAL_SECONDS / 1e9
    against = f"{MANY} namespaces: {number(whole * MS)} ms each {INTERVAL_SECONDS:.0f} s, {100 * share:.2f} % of a core"
    yield Row("namespace sweep: a slice", f"{len(containers)} namespaces", slices.tail(), against, goal)


def _summed(rounds: int) -> Iterator[Row]:
    """What is left for the scrape: to take new readings of all into the sums."""
    containers = [Container(f"{n:064d}", f"web-{n}", "", "running", "bridge", pid=n + 1) for n in range(MANY)]
    ledger = NamespaceLedger()
    ledger.follow(with_listing(Inventory(), Engine("", "", ""), containers, (), 0.0))
    readings = [{c.id: NamespaceStats(c.pid, *[turn] * 8) for c in containers} for turn in range(20 * rounds)]

    def take() -> None:
        ledger.read(readings.pop(0))
        ledger.counts(0.0)

    yield Row("namespace sums: at a scrape", f"{MANY} containers", measured(len(readings), take).text())


if __name__ == "__main__":
    print(table(rows(QUICK)))
