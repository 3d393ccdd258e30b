"""The cgroup that a socket was made in: the id that the kernel reports is the inode number of the cgroup's directory.

Needs the host's cgroup-2 tree, alone (v2) or next to the older hierarchies (hybrid). The engine's cgroup driver
names a container's directory: `docker/ID` (cgroupfs) or `docker-ID.scope` (systemd), below a parent that it may
choose. A user without privileges makes directories of any name in the cgroups that are delegated: by systemd those
below user.slice and those of a service, by LXC and Incus those of a container, in which a user is root.
"""

import contextlib
import os
import re
from collections import deque
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from pathlib import Path

ROOT_ID = 1  # of the host's own root; that of a cgroup namespace has another
CONTAINER_CGROUP = re.compile(r"(?:docker-)?([0-9a-f]{64})(?:\.scope)?")
USER_SLICE, SERVICE, LXC = "user.slice", ".service", ("lxc.payload", "lxc.monitor")
MAX_OF_USERS = 2048  # cgroups; a user without privileges can make hundreds of thousands


class CgroupTree:
    """The tree as last read; it is read again only for an id that was not in it."""

    def __init__(self, sysfs: Path) -> None:
        self._sysfs = sysfs
        self._paths: dict[int, str] = {}
        self._removed: frozenset[int] = frozenset()
        self.engine_slice = ""  # of a rootless engine's user

    def update(self, cgroup_ids: AbstractSet[int]) -> None:
        """Read the tree again if it lacks one of these. An id without a directory was removed, or is not visible."""
        unknown = cgroup_ids - self._paths.keys()
        if not unknown <= self._removed:
            root = find_root(self._sysfs)
            self._paths = {} if root is None else dict(read_tree(str(root), self.engine_slice))
            self._removed = frozenset(cgroup_ids - self._paths.keys())

    def container_ids(self, cgroup_id: int) -> tuple[str, ...]:
        """Return what may be container ids in the cgroup's path, the outermost first."""
        return parse_container_ids(self._paths.get(cgroup_id, ""), self.engine_slice)

    def processes(self, cgroup_id: int) -> list[int]:
        """Return the pids in the cgroup; 0 for a process that is not visible from here."""
        path = self._paths.get(cgroup_id)
        return [] if path is None else read_members(path)

    def hides(self, cgroup_id: int) -> bool:
        """Whether it may be a cgroup of the host that is not visible from here."""
        return cgroup_id > ROOT_ID and cgroup_id not in self._paths and ROOT_ID not in self._paths


def find_root(sysfs: Path) -> Path | None:
    """Return where the cgroup-2 tree is mounted; None where there is none."""
    paths = (sysfs / "fs/cgroup", sysfs / "fs/cgroup/unified")
    return next((path for path in paths if (path / "cgroup.controllers").exists()), None)


def read_tree(root: str, engine_slice: str = "") -> Iterator[tuple[int, str]]:
    """Yield id and path of each cgroup; one that is removed meanwhile is left out.

    Those that users may have made come last, and at most MAX_OF_USERS of them.
    """
    try:
        yield Path(root).stat().st_ino, root
    except OSError:
        return
    waiting, of_users, left = deque([root]), deque[str](), MAX_OF_USERS
    while waiting or of_users:
        made_by_users = not waiting
        path = (waiting or of_users).popleft()
        for entry in _folders(path):
            if made_by_users:
                left -= 1
                if left < 0:
                    return
            yield entry.inode(), entry.path
            last = made_by_users or (_is_delegated(entry.name) and not (engine_slice and engine_slice in entry.path))
            (of_users if last and entry.name != engine_slice else waiting).append(entry.path)


def _folders(path: str) -> Iterator["os.DirEntry[str]"]:
    with contextlib.suppress(OSError), os.scandir(path) as entries:
        yield from (entry for entry in entries if entry.is_dir(follow_symlinks=False))


def _is_delegated(name: str) -> bool:
    return name in (USER_SLICE, "lxc") or name.endswith(SERVICE) or name.startswith(LXC)


def read_members(path: str) -> list[int]:
    """Read the processes of a cgroup; none when it is gone, or when it has threads for members."""
    try:
        return [int(pid) for pid in Path(path, "cgroup.procs").read_text().split()]
    except OSError:
        return []


def user_slice(uid: int | None) -> str:
    """Return the cgroup of a user's own processes; '' for root, who has none, and for an unknown user."""
    return f"user-{uid}.slice" if uid else ""


def parse_container_ids(text: str, engine_slice: str = "") -> tuple[str, ...]:
    """Find what may be container ids: in a cgroup's path, or in /proc/PID/cgroup.

    None in a directory that a user may have made. `engine_slice` is the cgroup of a rootless engine's user.
    """
    found: list[str] = []
    for path in text.splitlines():
        names = path.split("/")
        delegated = next((at for at, name in enumerate(names) if _is_delegated(name)), None)
        if delegated is not None and (not engine_slice or engine_slice not in names):
            names = names[:delegated]
        found += [match[1] for name in names if (match := CONTAINER_CGROUP.fullmatch(name))]
    return tuple(found)
