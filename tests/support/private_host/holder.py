"""The holder of a private host: the first process in its namespaces. Its standard input is its leash.

Each line that comes in starts a process, and its pid goes out. The end of the input means that the creator closed the
host or is dead, however it died; then the holder kills everything and leaves nothing.
"""

import ctypes
import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TypedDict

from tests.support.private_host import cgroups, remains, uplink

PR_SET_CHILD_SUBREAPER = 36
RUN_SIZE = "2g"


class Job(TypedDict):
    """A process to start: its words, its environment, and the file that takes its output."""

    argv: list[str]
    env: dict[str, str]
    log: str


def main(folder: str, lock_fd: str, hostname: str, with_uplink: str) -> None:
    """Prepare the namespaces, say so, and serve until the leash is let go."""
    base = Path(folder)
    # dockerd and its shims must not keep the lock, which says that the holder lives
    os.set_inheritable(int(lock_fd), False)  # noqa: FBT003 -- positional only
    try:
        cgroups.create(base.name)
        _prepare(hostname, base / "docker.sock")
        outside = uplink.attach(base.name) if with_uplink else None
        signal.signal(signal.SIGCHLD, _reap)
        print(outside.pid if outside else 0, flush=True)
        for line in sys.stdin:
            print(_start(json.loads(line)), flush=True)
    finally:
        remains.remove(base)


def _prepare(hostname: str, docker_socket: Path) -> None:
    for command in (
        f"hostname {hostname}",
        "ip link set lo up",
        # for all Docker data; also shims' sockets, xtables.lock, and no D-Bus, so no way to the machine's firewalld
        f"mount -t tmpfs -o size={RUN_SIZE},mode=755 tmpfs /run",
        # a sysfs shows the devices of the namespace that it was mounted in; the cgroups step aside meanwhile
        "mkdir /run/cgroup",
        "mount --move /sys/fs/cgroup /run/cgroup",
        "mount -t sysfs sysfs /sys",
        "mount --move /run/cgroup /sys/fs/cgroup",
        "rmdir /run/cgroup",
        # where a Docker client looks by default
        f"ln -s {docker_socket} /run/docker.sock",
    ):
        subprocess.run(command.split(), check=True)
    # orphans, as the shims of a killed dockerd, become children of the holder instead of init's
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _reap(_signal: int, _frame: object) -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _start(job: Job) -> int:
    log = os.open(job["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        return os.posix_spawn(
            job["argv"][0],
            job["argv"],
            job["env"],
            setpgroup=0,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, log, 1),
                (os.POSIX_SPAWN_DUP2, log, 2),
            ],
        )
    finally:
        os.close(log)


if __name__ == "__main__":
    main(*sys.argv[1:])
