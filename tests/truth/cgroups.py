"""The cgroup of a container in the host's tree of version 2, and BPF programs at it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from exporter.kernel.sockets.cgroups import find_root
from tests.support.bpf_drop import Hook, dropping_in
from tests.truth.case import Plant
from tests.truth.lab import Lab

SYSFS, GO = Path("/sys"), "/go"


def cgroup_of(pid: int) -> Path:
    """The folder of a process's cgroup of version 2."""
    lines = Path(f"/proc/{pid}/cgroup").read_text().splitlines()
    path = next(line.removeprefix("0::") for line in lines if line.startswith("0::"))
    root = find_root(SYSFS)
    assert root is not None, "no tree of version 2"
    return root / path.lstrip("/")


def waiting(command: str) -> list[str]:
    """A command that is run when `in_a_cgroup` says so: its sockets are then made in the cgroup."""
    return ["sh", "-c", f"until [ -e {GO} ]; do sleep 0.1; done; {command}"]


def in_a_cgroup(name: str) -> Plant:
    """A cgroup for a container's first process alone, below the one that it is in: on version 1 runc makes none."""

    @contextmanager
    def plant(lab: Lab) -> Iterator[None]:
        pid = lab.pid(name)
        before = cgroup_of(pid)
        own = before / f"truth-{name}"
        own.mkdir()
        try:
            (own / "cgroup.procs").write_text(str(pid))
            Path(f"/proc/{pid}/root{GO}").touch()
            yield
        finally:
            for member in (own / "cgroup.procs").read_text().split():
                (before / "cgroup.procs").write_text(member)
            own.rmdir()

    return plant


def program(name: str, hook: Hook, above: int = 0) -> Plant:
    """A BPF program at the cgroup of a container's first process, or so many levels above it."""

    @contextmanager
    def plant(lab: Lab) -> Iterator[None]:
        cgroup = cgroup_of(lab.pid(name))
        for _ in range(above):
            cgroup = cgroup.parent
        with dropping_in(cgroup, hook):
            yield

    return plant


def frozen(name: str) -> Plant:
    """The freezer of a container's cgroup, by hand: the engine calls the container running."""

    @contextmanager
    def plant(lab: Lab) -> Iterator[None]:
        file, states = _freezer(lab.pid(name))
        file.write_text(states[0])
        try:
            yield
        finally:
            file.write_text(states[1])

    return plant


def _freezer(pid: int) -> tuple[Path, tuple[str, str]]:
    """The file of the freezer, of version 1 where that has one, and what freezes and thaws."""
    lines = [line.split(":", 2) for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines()]
    for _, controllers, path in lines:
        if "freezer" in controllers.split(","):
            return SYSFS / "fs/cgroup/freezer" / path.lstrip("/") / "freezer.state", ("FROZEN", "THAWED")
    return cgroup_of(pid) / "cgroup.freeze", ("1", "0")


@contextmanager
def joined_cgroup(pid: int) -> Iterator[None]:
    """This process in the cgroup of another one, for the length of a with block."""
    before, there = cgroup_of(os.getpid()), cgroup_of(pid)
    (there / "cgroup.procs").write_text(str(os.getpid()))
    try:
        yield
    finally:
        (before / "cgroup.procs").write_text(str(os.getpid()))
