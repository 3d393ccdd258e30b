"""A host of which the network is real and the engine is not: as many containers as asked for, in seconds."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.devices import Devices, devices
from bench.documents import container_id, documents, published_ports
from bench.nat_host import rules
from bench.traffic import send_traffic

FIRST_PID = 1 << 22  # beyond any real process


@dataclass(frozen=True, slots=True)
class FakeHost:
    """What an exporter is pointed at, and the devices that it will find. The caller is in the host's namespace."""

    count: int
    devices: Devices
    folder: Path

    @property
    def flags(self) -> tuple[str, ...]:
        """The exporter's flags."""
        return (
            f"--docker.host=unix://{self.folder}/engine.sock",
            f"--path.procfs={self.folder}/proc",
            f"--path.sysfs={self.folder}/sys",
        )


@contextmanager
def fake_host(count: int, layout: str = "") -> Iterator[FakeHost]:
    """Make the devices, the files by which containers are found, and the engine's process.

    With a layout of NAT rules each container publishes a port, and the rules are there.
    """
    published = published_ports(count) if layout else []
    with tempfile.TemporaryDirectory(prefix="dockernet-bench-") as folder, devices(count) as made:
        host = FakeHost(count, made, Path(folder))
        _write_processes(host)
        send_traffic(made)
        if layout:
            subprocess.run(["iptables-restore"], input=rules(layout, published), text=True, check=True)
        with subprocess.Popen(
            [sys.executable, "-m", "bench.fake_engine", f"{folder}/engine.sock"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as engine:
            if not (engine.stdin and engine.stdout):
                raise RuntimeError("the fake engine has no pipes")
            engine.stdin.write(json.dumps(documents(count, published)) + "\n")
            engine.stdin.flush()
            if not engine.stdout.readline():
                raise RuntimeError("the fake engine is dead; its error is above")
            yield host
            engine.stdin.close()


def _write_processes(host: FakeHost) -> None:
    """A cgroup and a process for each container: the process's namespace is the one that this process holds open."""
    (host.folder / "proc").mkdir()
    (host.folder / "proc/self").touch()  # the exporter refuses a folder without it
    for number, sandbox in enumerate(host.devices.sandboxes):
        name, pid = container_id(number), FIRST_PID + number
        cgroup = host.folder / "sys/fs/cgroup/docker" / name
        cgroup.mkdir(parents=True)
        (cgroup / "cgroup.procs").write_text(f"{pid}\n")
        process = host.folder / "proc" / str(pid)
        (process / "ns").mkdir(parents=True)
        (process / "cgroup").write_text(f"0::/docker/{name}\n")
        (process / "ns/net").symlink_to(f"/proc/{os.getpid()}/fd/{sandbox}")
