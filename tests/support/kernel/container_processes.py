"""A /proc in which processes of a test's own are those of containers."""

from collections.abc import Mapping
from pathlib import Path


def procfs_of(folder: Path, pids: Mapping[str, int]) -> Path:
    """Make it in a folder, of the pids by container id."""
    for container_id, pid in pids.items():
        (process := folder / str(pid)).mkdir()
        (process / "cgroup").write_text(f"0::/docker/{container_id}\n")
        for part in ("net", "ns"):
            (process / part).symlink_to(f"/proc/{pid}/{part}")
    return folder
