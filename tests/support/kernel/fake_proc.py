"""A /proc of a test's own: processes that hold sockets, as links say."""

import shutil
from pathlib import Path

DOCKER_PROXY = (
    "/usr/bin/docker-proxy",
    *("-proto", "tcp", "-host-ip", "0.0.0.0", "-host-port", "8080"),
    *("-container-ip", "172.17.0.2", "-container-port", "80"),
)


class FakeProc:
    """Processes in a folder; the kernel's threads are there, so that it is taken for the host's."""

    def __init__(self, root: Path, *, whole: bool = True) -> None:
        self.root = root
        if whole:
            self.process(2, "kthreadd")

    def process(
        self,
        pid: int,
        name: str,
        *inodes: int,
        cgroup: str = "/",
        words: tuple[str, ...] = (),
        uid: int = 0,
        parent: int = 1,
        state: str = "S (sleeping)",
    ) -> None:
        """A process with such a name, in such a cgroup, that holds these sockets."""
        self.end(pid)
        folder = self.root / str(pid)
        (folder / "fd").mkdir(parents=True)
        (folder / "comm").write_text(f"{name}\n")
        (folder / "cgroup").write_text(f"0::{cgroup}\n")
        (folder / "cmdline").write_text("".join(f"{word}\0" for word in words or (name,)))
        status = (f"Name:\t{name}", f"State:\t{state}", f"PPid:\t{parent}", f"Uid:\t{uid}\t{uid}\t{uid}\t{uid}")
        (folder / "status").write_text("".join(f"{line}\n" for line in status))
        (folder / "stat").write_text(f"{pid} ({name}) {state[0]} {parent} {' 0' * 18} 300 20 18446744073709551615\n")
        for number, target in enumerate(("/dev/null", *(f"socket:[{inode}]" for inode in inodes))):
            (folder / "fd" / str(number)).symlink_to(target)

    def end(self, pid: int) -> None:
        """It is gone."""
        shutil.rmtree(self.root / str(pid), ignore_errors=True)
