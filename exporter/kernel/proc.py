"""/proc and /sys: the few files that are read, each by a `read_` and a `parse_`."""

import errno
import os
from pathlib import Path

from exporter.core.model.kernel_sample import StatsRow

# What a read of a process that ended meets. ENXIO: the process is there, its network namespace is being taken down
# (fs/proc/proc_net.c).
GONE = frozenset({errno.ENOENT, errno.ESRCH, errno.ENXIO})

READ_BYTES = 1 << 16  # at once
CAP_NET_ADMIN = 12
FIRST_PID_NAMESPACE = 0xEFFFFFFC  # linux/proc_ns.h

# Columns of /proc/net/dev after the name (net/core/net-procfs.c): receive bytes packets errs drop, then four others,
# transmit bytes packets errs drop. In the order of a StatsRow after its ifindex:
DEV_COLUMNS = (1, 9, 0, 8, 2, 10, 3, 11)


def is_container_process(procfs: Path, pid: int, container_id: str) -> bool:
    """Whether a process is the container's, by its cgroup; False when it is gone or hidden.

    A pid is reused, and in another pid namespace the number is another process.
    """
    try:
        return container_id.encode() in read_record(f"{procfs}/{pid}/cgroup")
    except OSError as error:
        if error.errno in GONE or isinstance(error, PermissionError):  # the latter by the mount option hidepid
            return False
        raise


def read_record(path: str) -> bytes:
    """Read a file that is one record, which the kernel hands over whole to a read that has room for it.

    Of the files with `single_open` in fs/proc and net/. Raises OSError when it is gone.
    """
    return read_identified(path)[1]


def read_identified(path: str) -> tuple[int, bytes]:
    """Read such a file of /proc/PID/net, with its inode: each network namespace has one of its own.

    Raises OSError when the process is gone.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.fstat(descriptor).st_ino, os.read(descriptor, READ_BYTES)
    finally:
        os.close(descriptor)


def read_text(path: Path | str, max_bytes: int = -1) -> str:
    """Read a file of /proc; a device's name in it may be any bytes.

    Raises OSError when it is gone, and EMSGSIZE for more than `max_bytes` (-1 = unlimited). By system calls: Python's
    own files ask for size, place and terminal first, nine calls in place of four.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        data = b""
        while part := os.read(descriptor, READ_BYTES):
            data += part
            if len(data) > max_bytes >= 0:
                raise OSError(errno.EMSGSIZE, f"more than {max_bytes} bytes", str(path))
    finally:
        os.close(descriptor)
    return data.decode("utf-8", "replace")


def read_capabilities() -> int:
    """Return the calling thread's effective capabilities as a bit mask (capabilities(7))."""
    return parse_capabilities(Path("/proc/thread-self/status").read_text())


def parse_capabilities(status: str) -> int:
    """Parse /proc/PID/status; 0 where the line is missing."""
    return next((int(line[7:], 16) for line in status.splitlines() if line.startswith("CapEff:")), 0)


def may_administer_networks() -> bool:
    """CAP_NET_ADMIN: look into other namespaces, use a receive buffer that holds a burst of messages."""
    return bool(read_capabilities() >> CAP_NET_ADMIN & 1)


def sees_host_processes() -> bool:
    """Whether this process is in the machine's first pid namespace, whose inode is fixed (PROC_PID_INIT_INO)."""
    return Path("/proc/self/ns/pid").stat().st_ino == FIRST_PID_NAMESPACE


def read_net_dev(ifindexes: dict[str, int]) -> list[StatsRow]:
    """Read the counters of our own namespace without RTNL: slower per device, but it never waits for a lock."""
    found = parse_net_dev(read_text(Path("/proc/thread-self/net/dev")))
    return [(ifindexes[name], *counters) for name, counters in found.items() if name in ifindexes]


def parse_net_dev(text: str) -> dict[str, StatsRow]:
    """Parse /proc/net/dev: device -> its counters in the order of a StatsRow, without the first place."""
    found = {}
    # Not splitlines: a device may be named with what Python takes for the end of a line.
    for line in text.rstrip("\n").split("\n")[2:]:
        name, _, rest = line.partition(":")
        columns = rest.split()
        found[name.strip()] = tuple([int(columns[place]) for place in DEV_COLUMNS])
    return found


def read_cgroup_pid(sysfs: Path, container_id: str) -> int:
    """Return a process of a container by its cgroup, 0 when there is none in the usual places.

    cgroupfs driver on cgroup v1 (any controller does) and v2, systemd driver on both.
    """
    root = sysfs / "fs/cgroup"
    for place in (
        root / "pids/docker" / container_id,
        root / "docker" / container_id,
        root / "system.slice" / f"docker-{container_id}.scope",
        root / "pids/system.slice" / f"docker-{container_id}.scope",
    ):
        try:
            first, _, _ = (place / "cgroup.procs").read_text().partition("\n")
        except OSError:  # not there, or a threaded cgroup (EOPNOTSUPP)
            continue
        return int(first or 0)
    return 0
