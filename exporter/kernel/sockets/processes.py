"""Processes as /proc shows them: which sockets they hold, and who they are. One that is gone is not an error.

A process that may trace another one sees its descriptors (CAP_SYS_PTRACE for those of other users). Name, command line
and cgroups are visible to all.
"""

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from ipaddress import ip_address
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from exporter.core.ports.socket_owner import Process, Proxy
from exporter.kernel.sockets.cgroups import parse_container_ids

INIT = 1
FREEZERS = frozenset({b"do_freezer_trap", b"__refrigerator"})  # kernel/cgroup/freezer.c, kernel/freezer.c
KERNEL_THREADS = 2  # their parent, and the only process whose name is known beforehand
SIZE = 1 << 14
COMM_BYTES = 15  # linux/sched.h: TASK_COMM_LEN, without the NUL
MAX_PROGRAM_WORDS, MAX_PROGRAM_LENGTH = 4, 64


class Held(NamedTuple):
    """Who holds a socket, and by which descriptor: its path in /proc."""

    pid: int
    path: str


def sees_all_processes(procfs: Path) -> bool:
    """Whether it is the /proc of the machine's first pid namespace: no other shows the kernel's threads."""
    return read_name(procfs, KERNEL_THREADS) == "kthreadd"


def read_pids(procfs: Path) -> list[int]:
    """Return all processes. First those with low numbers, which fork the others; the very first one last.

    Init holds the sockets of services that it starts on demand, and goes on to hold them next to these.
    """
    with os.scandir(procfs) as entries:
        pids = sorted(int(entry.name) for entry in entries if entry.name.isdecimal())
    return [pid for pid in pids if pid != INIT] + [INIT] * (INIT in pids)


def find_holders(procfs: Path, pids: Iterable[int], inodes: Iterable[int]) -> tuple[dict[int, Held], set[int]]:
    """Find which of the processes holds each socket, by its inode: the first of several.

    Also returns the processes whose descriptors could not be read.
    """
    missing = {_link(inode): inode for inode in inodes}
    found: dict[int, Held] = {}
    denied = set()
    for pid in pids:
        try:
            for path, link in read_descriptors(procfs, pid):
                if link in missing:
                    found[missing.pop(link)] = Held(pid, path)
        except PermissionError:
            denied.add(pid)
        if not missing:
            break
    return found, denied


def read_descriptors(procfs: Path, pid: int) -> Iterator[tuple[str, str]]:
    """Yield where each descriptor of a process is and what it is; PermissionError when it cannot be seen."""
    try:
        with os.scandir(f"{procfs}/{pid}/fd") as entries:
            for entry in entries:  # a process may have a million
                with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                    yield entry.path, os.readlink(entry.path)  # noqa: PTH115  a Path would be half of the cost
    except (FileNotFoundError, ProcessLookupError):
        return


def is_held(path: str, inode: int) -> bool:
    """Whether a descriptor is still that socket: its process may have ended, or be a zombie."""
    try:
        return os.readlink(path) == _link(inode)  # noqa: PTH115  as above
    except OSError:
        return False


def _link(inode: int) -> str:
    return f"socket:[{inode}]"


def is_alive(procfs: Path, pid: int) -> bool:
    """Whether there is such a process."""
    return os.access(f"{procfs}/{pid}", os.F_OK)


def is_in_namespace(procfs: Path, pid: int, namespace: int) -> bool:
    """Whether a process is in the network namespace whose files have this inode (see `read_own_namespace`)."""
    try:
        return (procfs / str(pid) / "net/snmp").stat().st_ino == namespace
    except OSError:
        return False


def read_cgroups(procfs: Path, pid: int) -> frozenset[str]:
    """Read the paths of a process's cgroups in all hierarchies; none when it is gone."""
    lines = _read(f"{procfs}/{pid}/cgroup").decode("utf-8", "replace").splitlines()
    return frozenset(line.split(":", 2)[-1] for line in lines)


def read_process(
    procfs: Path, pid: int, engine_slice: str = "", is_kin: Callable[[int, int], bool | None] = lambda *_: None
) -> Process | None:
    """Read who a process is; None when it is gone. For `engine_slice` see `parse_container_ids`.

    `is_kin` says whether a pid with a parent's pid belongs to the engine.
    """
    name = read_name(procfs, pid)
    try:
        cgroups = (procfs / str(pid) / "cgroup").read_text("utf-8", "replace")
    except OSError:
        return None
    status = read_status(procfs, pid)
    return Process(
        pid,
        read_program(procfs, pid, name),
        parse_container_ids(cgroups, engine_slice),
        read_proxy(procfs, pid),
        status.uid,
        read_name(procfs, status.parent) if status.parent else "",
        is_kin(pid, status.parent),
    )


class Status(NamedTuple):
    """Of /proc/PID/status: the parent's pid, the real user id (-1 where the process is gone)."""

    parent: int = 0
    uid: int = -1


def read_status(procfs: Path, pid: int) -> Status:
    """Read a process's parent and user."""
    return parse_status(_read(f"{procfs}/{pid}/status").decode("utf-8", "replace"))


def parse_status(text: str) -> Status:
    """Parse /proc/PID/status: a name, a colon and a tab begin each line (fs/proc/array.c); a name is escaped."""
    fields = dict(line.split(":\t", 1) for line in text.split("\n") if ":\t" in line)
    if "Uid" not in fields:
        return Status()
    return Status(int(fields.get("PPid", 0)), int(fields["Uid"].split()[0]))


def is_frozen(procfs: Path, pid: int) -> bool:
    """Whether the freezer of its cgroup holds a process, as `docker pause` does; needs CAP_SYS_PTRACE.

    Its state is then S or D, as if it slept: the function that it waits in says more.
    """
    return _read(f"{procfs}/{pid}/wchan") in FREEZERS


def read_name(procfs: Path, pid: int) -> str:
    """Read a process's name: the first 15 bytes of its program's, or one that it has set; '' when it is gone."""
    return _read(f"{procfs}/{pid}/comm").rstrip(b"\n").decode("utf-8", "replace")


def read_program(procfs: Path, pid: int, name: str) -> str:
    """Return the whole name of a process's program where the kernel has cut it off, else its name."""
    return parse_program(name, _read(f"{procfs}/{pid}/cmdline")) if len(name.encode()) >= COMM_BYTES else name


def is_program(text: str) -> bool:
    """Whether it may be a file's name: `nginx: master process nginx` is a title that the process has set."""
    return len(text) <= MAX_PROGRAM_LENGTH and text.isprintable() and " " not in text


def parse_program(name: str, command_line: bytes) -> str:
    """Complete a name from the command line: `containerd-shim` from `/usr/bin/containerd-shim-runc-v2 -id …`.

    Of a script the program is the second word, after its interpreter and the interpreter's options. A word counts only
    if it begins with the name and is one word: a process may have set either.
    """
    words = command_line.decode("utf-8", "replace").split("\0")[:MAX_PROGRAM_WORDS]
    programs = (word.rpartition("/")[2] for word in words)
    return next((program for program in programs if program.startswith(name) and is_program(program)), name)


def read_proxy(procfs: Path, pid: int) -> Proxy | None:
    """Read the ports of a docker-proxy, whatever its name; None for another process, and for one that is gone."""
    return parse_proxy(_read(f"{procfs}/{pid}/cmdline"))


def read_proxies(procfs: Path) -> Mapping[int, Proxy]:
    """Read all docker-proxies by their command lines: pid -> its ports."""
    return {pid: proxy for pid in read_pids(procfs) if (proxy := read_proxy(procfs, pid)) is not None}


def parse_proxy(command_line: bytes) -> Proxy | None:
    """Parse `docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 8080 -container-ip 172.17.0.2 -container-port 80`."""
    if b"\0-container-ip\0" not in command_line:
        return None
    words = command_line.decode("utf-8", "replace").split("\0")
    fields = dict(pairwise(words))
    try:
        return Proxy(
            protocol=fields["-proto"],
            host_ip=str(ip_address(fields["-host-ip"])),
            host_port=int(fields["-host-port"]),
            container_ip=str(ip_address(fields["-container-ip"])),
        )
    except (KeyError, ValueError):
        return None


def _read(path: str) -> bytes:
    """Read a small file of a process; b'' when the process is gone, or hidden (mount option hidepid)."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return b""
    try:
        return os.read(descriptor, SIZE)
    except ProcessLookupError:
        return b""
    finally:
        os.close(descriptor)
