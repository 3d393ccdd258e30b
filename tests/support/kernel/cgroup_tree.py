"""A cgroup tree in a folder."""

from pathlib import Path


class Tree:
    """A cgroup-2 tree in a folder, v2 or hybrid."""

    def __init__(self, sysfs: Path, where: str = "fs/cgroup") -> None:
        self.sysfs = sysfs
        self.root = sysfs / where
        self.root.mkdir(parents=True)
        (self.root / "cgroup.controllers").write_text("")

    def make(self, path: str, *pids: int) -> int:
        """Make a cgroup with processes; its id."""
        folder = self.root / path
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "cgroup.procs").write_text("".join(f"{pid}\n" for pid in pids))
        return folder.stat().st_ino
