"""What is left of containers that have come and gone: memory, and whether every packet of theirs was counted.

Each lives as an engine makes it live: a namespace, a veth, events, an end. Names come again, as those of a job that
is restarted, or each life has its own, as with `docker run --rm`: those are remembered for a while.
"""

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from pyroute2 import IPRoute

from bench.devices import PEER, Devices, add_endpoint, devices, mac_address, veth_name
from bench.exporter_process import Exporter, exporter
from bench.fake_host import FIRST_PID
from bench.figures import Row, number
from bench.netns import entered, new_namespaces
from bench.scale import Scale
from bench.traffic import HEADER
from tests.support.fake_engine import FakeEngine

AT_ONCE = 8
FEW_NAMES = 16
FRAMES = 10
NETWORK, BRIDGE = "front", "br-front"
READINGS = 4
SENT = f'dockernet_network_transmit_packets_total{{network="{NETWORK}"}} '.encode()


class Host:
    """A host without containers, and an engine that tells of each life."""

    def __init__(self, made: Devices, folder: Path, route: IPRoute, names: int) -> None:
        self._names = names
        self._made = made
        self._folder = folder
        self._route = route
        self.engine = FakeEngine(folder)
        self.engine.network(NETWORK)
        self.engine.networks[f"{NETWORK}-net"]["Options"] = {"com.docker.network.bridge.name": BRIDGE}
        route.link("add", kind="bridge", ifname=BRIDGE, state="up")
        [self._bridge] = route.link_lookup(ifname=BRIDGE)
        (folder / "proc").mkdir()
        (folder / "proc/self").touch()  # the exporter refuses a folder without it
        (folder / "sys").mkdir()

    @property
    def flags(self) -> tuple[str, ...]:
        """The exporter's flags."""
        return (
            f"--docker.host={self.engine.url}",
            f"--path.procfs={self._folder}/proc",
            f"--path.sysfs={self._folder}/sys",
        )

    def begin(self, number: int) -> int:
        """`docker run`; its namespace, as a descriptor."""
        [sandbox] = new_namespaces(1)
        name, pid = self._name(number), FIRST_PID + number
        process, cgroup = self._places(number)
        cgroup.mkdir(parents=True)
        (cgroup / "cgroup.procs").write_text(f"{pid}\n")
        (process / "ns").mkdir(parents=True)
        (process / "cgroup").write_text(f"0::/docker/{name}-id\n")
        (process / "ns/net").symlink_to(f"/proc/{os.getpid()}/fd/{sandbox}")
        self.engine.appear_silently(name, NETWORK, pid=pid)
        self.engine.containers[f"{name}-id"]["NetworkSettings"]["Networks"][NETWORK]["MacAddress"] = mac_address(number)
        self.engine.emit("container", "create", name)
        self.engine.emit("network", "connect", name, NETWORK)
        add_endpoint(self._route, number, self._bridge, sandbox)
        self.engine.emit("container", "start", name)
        return sandbox

    def live(self, sandbox: int) -> None:
        """Send what shall be counted."""
        with entered(sandbox), closing(socket.socket(socket.AF_PACKET, socket.SOCK_RAW)) as sock:
            for _ in range(FRAMES):
                sock.sendto(HEADER.ljust(1000, b"\0"), (PEER, 0))

    def end(self, number: int, sandbox: int) -> None:
        """`docker rm --force`: the container's end comes back before both are deleted."""
        name = self._name(number)
        self.engine.emit("container", "die", name)
        with entered(sandbox), IPRoute() as within:
            [inner] = within.link_lookup(ifname=PEER)
            within.link("set", index=inner, state="down")
            within.link("set", index=inner, net_ns_fd=self._made.host)
        [outer] = self._route.link_lookup(ifname=veth_name(number))
        self._route.link("del", index=outer)
        self.engine.emit("network", "disconnect", name, NETWORK)
        self.engine.remove(name)
        for place in self._places(number):
            shutil.rmtree(place)
        os.close(sandbox)

    def _name(self, number: int) -> str:
        return f"life-{number % self._names}"

    def _places(self, number: int) -> tuple[Path, Path]:
        process = self._folder / "proc" / str(FIRST_PID + number)
        return process, self._folder / f"sys/fs/cgroup/docker/{self._name(number)}-id"


def rows(scale: Scale) -> Iterator[Row]:
    """The table's rows."""
    for names in (FEW_NAMES, scale.lives):
        with tempfile.TemporaryDirectory(prefix="dockernet-bench-") as folder, devices(0) as made, IPRoute() as route:
            host = Host(made, Path(folder), route, names)
            with host.engine, exporter(host.flags) as process:
                host.engine.appear()
                process.wait_for(0)
                yield _lived(host, process, scale.lives, f"{names} names")


def _lived(host: Host, process: Exporter, lives: int, size: str) -> Row:
    before = process.memory()
    readings: list[float] = []
    for first in range(0, lives, AT_ONCE):
        numbers = range(first, min(first + AT_ONCE, lives))
        sandboxes = [host.begin(number) for number in numbers]
        for sandbox in sandboxes:
            host.live(sandbox)
        for life, sandbox in zip(numbers, sandboxes, strict=True):
            host.end(life, sandbox)
        process.client.as_prometheus()
        if numbers[-1] + 1 >= lives * (len(readings) + 1) / READINGS:
            readings.append(process.memory())
    sent = next(line for line in process.client.get().splitlines() if line.startswith(SENT))
    counted = float(sent.removeprefix(SENT)) / FRAMES
    return Row(
        f"resident memory at the start, after each quarter of {lives} lives",
        size,
        " / ".join(number(value) for value in (before, *readings)) + " MB",
        f"packets of {counted:g} lives are counted; peak {number(process.memory('VmHWM'))} MB",
    )
