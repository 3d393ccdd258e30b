"""The BPF programs at cgroups of the host's tree of version 2: of a container's first process, or of sockets."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path

from exporter.kernel.bpf.cgroup_programs import read_cgroup_programs
from exporter.kernel.sockets.cgroups import find_root, read_tree

UNIFIED = "0::"  # the line of version 2 in /proc/PID/cgroup
ABOVE = "/.."  # a cgroup outside the reader's cgroup namespace


def read_programs(procfs: Path, sysfs: Path, pid: int) -> frozenset[str]:
    """Return their attach types; none where the cgroup is not visible from here."""
    try:
        path = parse_unified((procfs / str(pid) / "cgroup").read_text("utf-8", "replace"))
        root = find_root(sysfs)
        return frozenset() if root is None or not path else read_cgroup_programs(root / path.lstrip("/"))
    except OSError:
        return frozenset()


def read_programs_of(sysfs: Path, cgroup_ids: AbstractSet[int]) -> Mapping[int, frozenset[str]]:
    """Return their attach types by the id of a cgroup, of those that have any and are visible from here."""
    root = find_root(sysfs)
    found: dict[int, frozenset[str]] = {}
    for cgroup_id, path in read_tree(str(root)) if root is not None and cgroup_ids else ():
        if cgroup_id in cgroup_ids:
            try:
                programs = read_cgroup_programs(Path(path))
            except OSError:  # removed meanwhile
                continue
            found |= {cgroup_id: programs} if programs else {}
    return found


def parse_unified(text: str) -> str:
    """Parse /proc/PID/cgroup: the path in the tree of version 2; '' where it cannot be resolved."""
    paths = (line.removeprefix(UNIFIED) for line in text.splitlines() if line.startswith(UNIFIED))
    path = next(paths, "")
    return "" if path.startswith(ABOVE) or not path.startswith("/") else path
