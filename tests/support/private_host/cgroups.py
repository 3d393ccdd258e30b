"""The cgroup of a private host: every process of the host is in it, so it tells what has to be killed.

cgroups are not namespaced and outlive their processes. On version 1 and on hybrid machines a host has one folder in
each hierarchy (runc makes them for the containers), on version 2 one.
"""

import os
import signal
from contextlib import suppress
from pathlib import Path

from tests.support.waiting import until

ROOT = Path("/sys/fs/cgroup")
# a process that no container runtime moves stays a member here: version 2, hybrid, version 1
HIERARCHIES = (ROOT, ROOT / "unified", ROOT / "pids")
# on version 2 only a leaf may have members
LEAF = "processes"
DESTROY_SECONDS = 60


def create(name: str) -> None:
    """Make the host's cgroup, for `joining` to put processes into."""
    _leaf(name).mkdir(parents=True)


def joining(name: str) -> list[str]:
    """Words before a command that put its process, and so all its descendants, into the host's cgroup."""
    return ["/bin/sh", "-c", 'echo $$ >"$0" && exec "$@"', str(_leaf(name) / "cgroup.procs")]


def members(name: str) -> set[int]:
    """The pids of the processes in the host's cgroups."""
    pids = set[int]()
    for folder in _folders(name):
        # not rglob: it fails when a folder goes while it walks
        for path, _, _ in os.walk(folder):
            with suppress(OSError):
                pids.update(map(int, (Path(path) / "cgroup.procs").read_text().split()))
    return pids


def destroy(name: str) -> None:
    """Kill the members and remove the cgroups until none is left, or a minute has passed."""
    with suppress(TimeoutError):
        until(lambda: _is_destroyed(name), DESTROY_SECONDS, "the cgroups removed")


def _is_destroyed(name: str) -> bool:
    """Kill and remove once; whether nothing was left before.

    A member may fork or make a cgroup before it dies, and a dead one keeps its cgroup busy a moment.
    """
    folders = _folders(name)
    _thaw(folders)
    for pid in members(name):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    for folder in folders:
        _remove(folder)
    return not folders


def _thaw(folders: list[Path]) -> None:
    """Wake what `docker pause` has frozen: on cgroup v1 it does not die of SIGKILL before."""
    for folder in folders:
        for path, _, files in os.walk(folder):
            if "freezer.state" in files:
                with suppress(OSError):
                    (Path(path) / "freezer.state").write_text("THAWED")


def _remove(folder: Path) -> None:
    for path, _, _ in os.walk(folder, topdown=False):
        with suppress(OSError):
            Path(path).rmdir()


def _leaf(name: str) -> Path:
    hierarchy = next(folder for folder in HIERARCHIES if (folder / "cgroup.procs").exists())
    return hierarchy / name / LEAF


def _folders(name: str) -> list[Path]:
    return [folder for folder in (ROOT / name, *ROOT.glob(f"*/{name}")) if folder.is_dir()]
