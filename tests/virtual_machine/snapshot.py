"""Snapshots of machines: one with the engine, and one more with the exporter of this checkout as a unit."""

import functools
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.support.private_host import image
from tests.support.private_host.apt import output
from tests.virtual_machine import cache, exporter, qemu
from tests.virtual_machine.machine import Machine
from tests.virtual_machine.releases import Release
from tests.virtual_machine.root import REPOSITORY, root_of

NAME: Final = "running"
SOURCES: Final = ("exporter", "deploy/systemd", "pyproject.toml")


@contextmanager
def machine(release: Release, network: int | None = None) -> Iterator[Machine]:
    """A machine whose engine and exporter run; what is changed in it goes with it."""
    root = root_of(release)
    with restored(root, with_exporter(release), network) as running:
        yield running


@contextmanager
def restored(root: Path, snapshot: Path, network: int | None = None) -> Iterator[Machine]:
    """A machine that goes on from a snapshot, with a nameless copy of its disk."""
    with tempfile.TemporaryFile(dir=snapshot) as disk, (snapshot / "disk").open("rb") as saved:
        shutil.copyfileobj(saved, disk, 1 << 20)
        disk.flush()
        with Machine(root, disk, NAME, network) as running:
            yield running


def with_engine(release: Release) -> Path:
    """The folder of the snapshot in which the engine runs and has the image of the tests."""
    root = root_of(release)
    version = output(qemu.PROGRAM, "--version").splitlines()[0]
    key = cache.digest(version, *qemu.command(root, qemu.Descriptors(0, 1, 2), qemu.accelerator()))

    def make(folder: Path) -> None:
        disk = folder / "disk"
        output("qemu-img", "create", "-q", "-f", "qcow2", "-b", str(root / "disk"), "-F", "raw", str(disk))
        with disk.open("r+b") as file, Machine(root, file) as booting:
            booting.run("systemctl", "start", "docker.service")
            booting.run("docker", "load", stdin=image.archive())
            save(booting)

    return cache.made(f"engine-{release.name}", key, make)


@functools.cache
def with_exporter(release: Release) -> Path:
    """The folder of the snapshot in which the exporter of this checkout runs too; the same as long as this process."""
    engine = with_engine(release)
    names = output("git", "-C", str(REPOSITORY), "ls-files", "--cached", "--others", "--exclude-standard", *SOURCES)
    files = {
        name: (REPOSITORY / name).read_bytes() for name in sorted(names.splitlines()) if (REPOSITORY / name).is_file()
    }
    key = cache.digest(engine.name, *(part for pair in files.items() for part in pair))

    def make(folder: Path) -> None:
        shutil.copyfile(engine / "disk", folder / "disk")
        with (folder / "disk").open("r+b") as file, Machine(root_of(release), file, NAME) as running:
            exporter.install(running)
            save(running)

    return cache.made(f"exporter-{release.name}", key, make)


def save(running: Machine) -> None:
    """Save the machine under the one name, and end it when all is written."""
    running.monitor.save(NAME)
    running.monitor.quit()
    running.process.wait()
