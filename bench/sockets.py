"""Who listens on a busy host, against the kernel's part of it, `ss -p` and psutil.

400 listeners among 1,000 processes, and 10,000 connected sockets, all in one cgroup: a listener's process has to be
looked for among all, as it is where cgroups tell nothing. `python -m bench.sockets` prints this part alone; it needs
root.
"""

import itertools
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path

import psutil

from bench.figures import MS, US, Row, Times, judged, measured, table, took
from bench.namespace_sweep import sleepers
from bench.netns import entered, new_namespaces
from bench.scale import QUICK, Scale
from exporter.core.model.docker import Container, Inventory
from exporter.core.model.kernel_sample import KernelSample
from exporter.kernel.netlink.inet_diag import open_diag_socket
from exporter.kernel.sockets.listeners import read_answers
from exporter.kernel.sockets.namespace_sockets import read_files, read_namespace_sockets
from exporter.kernel.sockets.source import PortReader

PROCESSES, LISTENERS, CONNECTED = 1000, 400, 10_000
SERVERS = 100
NAMESPACES = 100
STEADY_GOAL_MS, FIRST_GOAL_MS = 3, 300
SCRAPE_SECONDS = 15.0
NO_CGROUPS = Path("/nonexistent")
NO_CONTAINERS = Inventory()

# Listens on some ports, every fourth of UDP, and connects to itself; both ends count.
SERVER = """
import signal, socket, sys
first, listeners, connections = map(int, sys.argv[1:])
kept = []
for port in range(first, first + listeners):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM if port % 4 == 3 else socket.SOCK_STREAM)
    sock.bind(("127.0.0.1", port))
    if port % 4 != 3:
        sock.listen(4096)
    kept.append(sock)
for _ in range(connections):
    kept.append(socket.create_connection(("127.0.0.1", first)))
    kept.append(kept[0].accept()[0])
print("ready", flush=True)
signal.pause()
"""


def rows(scale: Scale) -> Iterator[Row]:
    """The table's rows."""
    size = f"{LISTENERS} listeners, {PROCESSES} processes"
    [namespace] = new_namespaces(1)
    with entered(namespace), busy_host():
        os.close(namespace)
        yield from _scanned(size, scale)
        yield from _rivals(size)
    yield from _entered(scale)


@contextmanager
def busy_host() -> Iterator[None]:
    """Fill the calling thread's network namespace; all processes are gone after the block."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    with ExitStack() as ends:
        for number in range(SERVERS):
            first, each = 10_000 + 4 * number, CONNECTED // 2 // SERVERS
            words = [sys.executable, "-c", SERVER, str(first), str(LISTENERS // SERVERS), str(each)]
            ends.callback(_end, server := subprocess.Popen(words, stdout=subprocess.PIPE))
            if server.stdout is None or server.stdout.readline() != b"ready\n":
                raise RuntimeError("a server did not start")
        for _ in range(PROCESSES - SERVERS):
            ends.callback(_end, subprocess.Popen(["sleep", "1000"]))
        yield


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.wait()
    if process.stdout:
        process.stdout.close()


def _scanned(size: str, scale: Scale) -> Iterator[Row]:
    """The floor and ours by turns, so that the noise of the machine hits both; each time a scrape interval later."""
    first, steady, floor = Times(), Times(), Times()
    for _ in range(max(2, scale.bursts // 5)):
        seconds = itertools.count(0, SCRAPE_SECONDS)
        reader = PortReader(Path("/proc"), NO_CGROUPS, partial(next, seconds))
        first.all.append(took(partial(_checked, reader)))
        _checked(reader)  # the second look at what is new
        with closing(open_diag_socket()) as sock:
            for _ in range(20):
                floor.all.append(took(partial(read_answers, sock)))
                steady.all.append(took(partial(_checked, reader)))
        reader.stop()
    yield Row("sockets: the kernel's four dumps", size, floor.tail())
    goal = judged(f"<= {STEADY_GOAL_MS} ms", met=steady.middle * MS <= STEADY_GOAL_MS)
    yield Row("sockets: nothing changed", size, steady.tail(), steady.times(floor, "dumps"), goal)
    goal = judged(f"<= {FIRST_GOAL_MS} ms", met=first.middle * MS <= FIRST_GOAL_MS)
    yield Row("sockets: first scan", size, first.text(), "every process looked into", goal)


def _checked(reader: PortReader) -> None:
    sockets = reader.add_to(KernelSample(), NO_CONTAINERS).sockets
    if sockets is None or len(sockets.listeners) != LISTENERS or not sockets.complete:
        raise RuntimeError(f"not what was made: {sockets}")


def _rivals(size: str) -> Iterator[Row]:
    ss = measured(3, lambda: subprocess.run(["ss", "-Hlntup"], stdout=subprocess.DEVNULL, check=True))
    yield Row("sockets: ss -Hlntup", size, ss.text())
    yield Row("sockets: psutil net_connections", size, measured(3, lambda: psutil.net_connections("inet")).text())


def _entered(scale: Scale) -> Iterator[Row]:
    """Containers' own namespaces, by going there and by the files of a process in each."""
    going, reading = Times(), Times()
    with sleepers(NAMESPACES) as pids, tempfile.TemporaryDirectory(prefix="dockernet-bench-") as folder:
        containers = [_container(Path(folder), pid) for pid in pids]
        for _ in range(max(2, scale.bursts // 5)):
            going.all += [took(partial(read_namespace_sockets, Path(folder), container)) for container in containers]
            reading.all += [took(partial(read_files, Path(f"/proc/{pid}/net"))) for pid in pids[:5]]
    size = f"{NAMESPACES} namespaces"
    yield Row("sockets: of a container, entered", size, going.tail(US, "us"))
    yield Row("sockets: of a container, /proc/PID/net", size, reading.tail(US, "us"), reading.times(going, "entered"))


def _container(procfs: Path, pid: int) -> Container:
    """A process as if an engine had made it: its cgroup is named after a container."""
    (procfs / f"{pid}").mkdir()
    (procfs / f"{pid}/ns").symlink_to(f"/proc/{pid}/ns")
    (procfs / f"{pid}/cgroup").write_text(f"0::/system.slice/docker-{pid:064d}.scope\n")
    return Container(f"{pid:064d}", f"sleeper-{pid}", "", "running", "bridge", pid=pid)


if __name__ == "__main__":
    print(table(rows(QUICK)))
