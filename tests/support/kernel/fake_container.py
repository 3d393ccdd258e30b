"""A process in a network namespace of its own, in a /proc where it is a container's, with a root of the test's own."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from exporter.core.model.docker import Container
from tests.support.builders import run

ID = "c3" * 32


class FakeContainer:
    """`pid` is a process that is there; its root and its cgroup are those that the test makes."""

    def __init__(self, pid: int, folder: Path) -> None:
        self.pid = pid
        self.procfs = folder / "proc"
        self.root = folder / "root"
        process = self.procfs / str(pid)
        process.mkdir(parents=True)
        (self.root / "etc").mkdir(parents=True)
        self.belongs_to(ID)
        (process / "ns").symlink_to(f"/proc/{pid}/ns")
        (process / "root").symlink_to(self.root)

    @property
    def container(self) -> Container:
        """What Docker reports of it."""
        return run("web", container_id=ID, pid=self.pid)

    def belongs_to(self, container_id: str) -> None:
        """Put the process into the cgroup of a container."""
        (self.procfs / str(self.pid) / "cgroup").write_text(f"0::/docker/{container_id}\n")

    def write(self, name: str, text: str) -> None:
        """Write a file inside."""
        (self.root / name).write_text(text)


@contextmanager
def fake_container(pid: int) -> Iterator[FakeContainer]:
    """Make it in a folder that every user may enter: pytest's own are root's alone."""
    with tempfile.TemporaryDirectory(prefix="dockernet-test-") as folder:
        Path(folder).chmod(0o755)
        yield FakeContainer(pid, Path(folder))
