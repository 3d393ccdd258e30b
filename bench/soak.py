"""A long life in a short time: a hundred thousand containers come and go, ten thousand scrapes, and what is left.

Real veths, in batches: a batch's containers start, all of them are shown, they end, none of them is shown. Each has a
name of its own. Namespaces are made once and used again, since the kernel needs longer to make them than for all the
rest; `bench.lives` has one for each life, and ends it as an engine does.
"""

import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from gzip import decompress
from pathlib import Path
from typing import Self

from pyroute2 import IPRoute

from bench.devices import PEER, add_endpoint, devices, mac_address
from bench.exporter_process import PAUSE_SECONDS, START_SECONDS, Exporter, exporter
from bench.fake_host import FIRST_PID
from bench.figures import Row, judged, number
from bench.lives import BRIDGE, NETWORK, SENT
from bench.netns import entered, new_namespaces
from bench.scale import Scale
from bench.traffic import HEADER
from tests.support.fake_engine import FakeEngine

BATCH = 100
SCRAPES = 10  # of each batch
FRAMES = 10
GROUP = 1  # of the veths: the kernel deletes a group's devices at once, and each alone in 30 ms
PARTS = 10  # what is had after the first of them is the measure: 4,096 names that are gone are remembered
MORE_MB = 2
MORE_HELD = 6  # threads and connections that were not needed before


class Host:
    """As many namespaces as a batch has containers, each with a socket in it; and an engine."""

    def __init__(self, folder: Path, route: IPRoute) -> None:
        self._folder = folder
        self._route = route
        self._sandboxes = new_namespaces(BATCH)
        self._sockets = [self._placed(slot) for slot in range(BATCH)]
        self.engine = FakeEngine(folder)
        self.engine.network(NETWORK)
        self.engine.networks[f"{NETWORK}-net"]["Options"] = {"com.docker.network.bridge.name": BRIDGE}
        route.link("add", kind="bridge", ifname=BRIDGE, state="up")
        [self._bridge] = route.link_lookup(ifname=BRIDGE)
        (folder / "proc/self").touch()  # the exporter refuses a folder without it

    def _placed(self, slot: int) -> socket.socket:
        process = self._folder / "proc" / str(FIRST_PID + slot)
        (process / "ns").mkdir(parents=True)
        (process / "ns/net").symlink_to(f"/proc/{os.getpid()}/fd/{self._sandboxes[slot]}")
        with entered(self._sandboxes[slot]):
            return socket.socket(socket.AF_PACKET, socket.SOCK_RAW)

    @property
    def flags(self) -> tuple[str, ...]:
        """The exporter's flags."""
        return (f"--docker.host={self.engine.url}", f"--path.procfs={self._folder}/proc")

    def begin(self, life: int) -> None:
        """`docker run`, and some frames."""
        slot, name = life % BATCH, f"life-{life}"
        pid = FIRST_PID + slot
        (self._folder / "proc" / str(pid) / "cgroup").write_text(f"0::/docker/{name}-id\n")
        self.engine.appear_silently(name, NETWORK, pid=pid)
        endpoint = self.engine.containers[f"{name}-id"]["NetworkSettings"]["Networks"][NETWORK]
        endpoint |= {"MacAddress": mac_address(life), "EndpointID": f"{name}-endpoint"}
        self.engine.emit("container", "create", name)
        self.engine.emit("network", "connect", name, NETWORK)
        add_endpoint(self._route, life, self._bridge, self._sandboxes[slot], GROUP)
        self.engine.emit("container", "start", name)
        for _ in range(FRAMES):
            self._sockets[slot].sendto(HEADER.ljust(1000, b"\0"), (PEER, 0))

    def end(self, batch: range) -> None:
        """`docker rm --force` of all of them."""
        for life in batch:
            self.engine.emit("container", "die", f"life-{life}")
        subprocess.run(["ip", "link", "del", "group", str(GROUP)], check=True)
        for life in batch:
            self.engine.emit("network", "disconnect", f"life-{life}", NETWORK)
            self.engine.remove(f"life-{life}")
        self.engine.asked.clear()

    def close(self) -> None:
        """Let the namespaces go."""
        for sock in self._sockets:
            sock.close()
        for sandbox in self._sandboxes:
            os.close(sandbox)


def rows(scale: Scale) -> Iterator[Row]:
    """The table's rows."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="dockernet-bench-"))
        stack.enter_context(devices(0))
        host = Host(Path(folder), stack.enter_context(IPRoute()))
        stack.callback(host.close)
        stack.enter_context(host.engine).appear()
        process = stack.enter_context(exporter(host.flags))
        process.wait_for(0)
        yield _soaked(host, process, scale.soaked)


def _soaked(host: Host, process: Exporter, lives: int) -> Row:
    marks: list[Mark] = []
    for first in range(0, lives, BATCH):
        _live(host, process, range(first, first + BATCH))
        if (first + BATCH) % (lives // PARTS) == 0:
            marks.append(Mark.of(process))
    counted = float(next(line for line in process.client.get().splitlines() if line.startswith(SENT)).split()[-1])
    warm, last = marks[0], marks[-1]
    met = counted == lives * FRAMES and last.series == warm.series and last.held <= warm.held + MORE_HELD
    return Row(
        f"resident memory after each tenth of {lives} lives, {lives // BATCH * SCRAPES} scrapes and more",
        f"{lives} names",
        " / ".join(number(mark.memory) for mark in marks) + " MB",
        f"packets of {counted / FRAMES:g} lives, series {warm.series} -> {last.series}, "
        f"files and threads {warm.held} -> {last.held}",
        judged(f"at most {MORE_MB} MB more, all else as before", met=met and last.memory - warm.memory < MORE_MB),
    )


@dataclass(frozen=True, slots=True)
class Mark:
    """What an exporter has between two batches."""

    memory: float
    series: int
    held: int

    @classmethod
    def of(cls, process: Exporter) -> Self:
        """Look at it now."""
        series = sum(not line.startswith(b"#") for line in decompress(process.client.as_prometheus()).splitlines())
        folder = Path(f"/proc/{process.pid}")
        return cls(process.memory(), series, sum(len(list((folder / part).iterdir())) for part in ("fd", "task")))


def _live(host: Host, process: Exporter, batch: range) -> None:
    for life in batch:
        host.begin(life)
    process.wait_for(BATCH)
    for _ in range(SCRAPES):
        process.client.as_prometheus()
    host.end(batch)
    _wait_for_none(process)


def _wait_for_none(process: Exporter) -> None:
    """Wait until no series tells of a life; the engine's word of its end comes after the kernel's."""
    deadline = time.monotonic() + START_SECONDS
    while b'"life-' in decompress(process.client.as_prometheus()):
        if time.monotonic() > deadline:
            raise RuntimeError("ended containers are shown")
        time.sleep(PAUSE_SECONDS)
