"""One host with real containers through this exporter, node_exporter and cAdvisor, all at once and by turns.

cAdvisor runs only where the environment variable CADVISOR has the path of its program.
"""

import subprocess
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial

from bench.exporter_process import Exporter, exporter
from bench.figures import MS, Row, Times, number, took
from bench.other_exporters import CADVISOR, Other, cadvisor, node_exporter
from bench.scale import QUICK, Scale
from tests.support.private_host.host import PrivateHost

SIZES, QUICK_SIZES = (10, 60, 300), (10, 60)
SCRAPES, QUICK_SCRAPES = 40, 10
IDLE_SECONDS, QUICK_IDLE_SECONDS = 30.0, 5.0
PAUSE_SECONDS = 0.2  # between two scrapes, which empties caches
SETTLED_SECONDS = 3.0
AT_ONCE = 4  # containers that are started together
NETWORK = "front"
SLEEP = ["sleep", "100000"]


def rows(scale: Scale) -> Iterator[Row]:
    """The table's rows."""
    quick = scale == QUICK
    usual = node_exporter()  # before there is no network any more
    with PrivateHost() as host:
        host.start().load_image().client().networks.create(NETWORK)
        others = [other for other in (usual, cadvisor(host.docker_url)) if other]
        running = 0
        for count in QUICK_SIZES if quick else SIZES:
            run_containers(host, range(running, count))
            running = count
            yield from _side_by_side(host, others, count, quick=quick)
    if len(others) == 1:
        yield Row("cadvisor", against=f"not measured: {CADVISOR} names no program")


def run_containers(host: PrivateHost, numbers: range) -> None:
    """Start containers with a published port each."""
    client = host.client()

    def start(number: int) -> None:
        client.containers.run(
            "busybox:local",
            SLEEP,
            name=f"c{number}",
            network=NETWORK,
            ports={"80/tcp": 20_000 + number},
            detach=True,
        )

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(start, numbers))


def _side_by_side(host: PrivateHost, others: Sequence[Other], count: int, *, quick: bool) -> Iterator[Row]:
    start = partial(start_in, host)
    with ExitStack() as stack:
        stack.enter_context(host.netns())
        ours = stack.enter_context(exporter([f"--docker.host={host.docker_url}"], start))
        ours.wait_for(count)
        all_of_them = {"dockernet-exporter": ours}
        all_of_them |= {other.name: stack.enter_context(other.run(start)) for other in others}
        time.sleep(SETTLED_SECONDS)
        idle = _idle([*all_of_them.values()], QUICK_IDLE_SECONDS if quick else IDLE_SECONDS)
        scrapes = _scraped([*all_of_them.values()], QUICK_SCRAPES if quick else SCRAPES)
        for (name, process), resting, (times, cpu, size) in zip(all_of_them.items(), idle, scrapes, strict=True):
            costs = f"{number(cpu * MS)} ms CPU each, {size / 1e3:.1f} kB; idle {100 * resting:.3f} % of a core"
            yield Row(
                f"{name}: scrapes", f"{count} containers", times.text(), f"{costs}; {process.memory():.1f} MB resident"
            )


def start_in(host: PrivateHost, argv: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start a process in the host."""
    return host.popen(*argv, stderr=subprocess.DEVNULL)


def _idle(processes: Sequence[Exporter], seconds: float) -> list[float]:
    """The share of a core that each takes while no scrape comes."""
    before, began = [process.cpu() for process in processes], time.perf_counter_ns()
    time.sleep(seconds)
    spent = time.perf_counter_ns() - began
    return [(process.cpu() - cpu) / spent for process, cpu in zip(processes, before, strict=True)]


def _scraped(processes: Sequence[Exporter], count: int) -> list[tuple[Times, float, int]]:
    """Times, CPU of one scrape in nanoseconds and its bytes, of each process, by turns."""
    found = [(process, Times(), Times(), [0]) for process in processes]
    for process in processes:
        process.client.as_prometheus()
    for _ in range(count):
        for process, times, cpu, size in found:
            time.sleep(PAUSE_SECONDS)
            before = process.cpu()
            times.all.append(took(lambda: size.append(len(process.client.as_prometheus()))))  # noqa: B023  called here
            cpu.all.append(process.cpu() - before)
    return [(times, sum(cpu.all) / count, size[-1]) for _, times, cpu, size in found]
