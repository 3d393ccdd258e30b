"""Network namespaces of a test's own: one for the calling thread, more as processes that hold them. Needs root."""

import ctypes
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.waiting import until

CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)


def _call(result: int, what: str) -> None:
    if result:
        raise OSError(ctypes.get_errno(), what)


def inode(pid: int | str) -> int:
    """Which network namespace a process is in."""
    return Path(f"/proc/{pid}/ns/net").stat().st_ino


@contextmanager
def own_namespace() -> Iterator[None]:
    """Put the calling thread, and what it starts, into a new and quiet network namespace."""
    outer = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        _call(LIBC.unshare(CLONE_NEWNET), "unshare")
        silence()
        try:
            yield
        finally:
            _call(LIBC.setns(outer, CLONE_NEWNET), "setns")
    finally:
        os.close(outer)


@contextmanager
def entered(pid: int | str) -> Iterator[None]:
    """Put the calling thread into the network namespace of a process."""
    outer = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    inner = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        _call(LIBC.setns(inner, CLONE_NEWNET), "setns")
        try:
            yield
        finally:
            _call(LIBC.setns(outer, CLONE_NEWNET), "setns")
    finally:
        os.close(inner)
        os.close(outer)


@contextmanager
def sandbox_file(pid: int, folder: Path) -> Iterator[Path]:
    """The file of a process's network namespace as an engine keeps it: a bind mount, which is unmounted afterwards."""
    path = folder / "sandbox"
    path.touch()
    subprocess.run(["mount", "--bind", f"/proc/{pid}/ns/net", str(path)], check=True)
    try:
        yield path
    finally:
        subprocess.run(["umount", str(path)], check=True)


@contextmanager
def container() -> Iterator[int]:
    """A process in a network namespace of its own, by its pid; both are gone after the block."""
    ours = inode("thread-self")
    with subprocess.Popen(["unshare", "--net", "sleep", "1000"]) as process:
        try:
            until(lambda: inode(process.pid) != ours, 60, "a namespace of its own")
            with entered(process.pid):
                silence()
            yield process.pid
        finally:
            process.kill()


def silence() -> None:
    """Without IPv6 no device sends anything of its own accord."""
    for which in ("all", "default"):
        Path(f"/proc/sys/net/ipv6/conf/{which}/disable_ipv6").write_text("1")


def ip(command: str, inside: int = 0) -> str:
    """Run `ip COMMAND`, in the network namespace of a process if one is given; what it says."""
    where = ["nsenter", "-t", str(inside), "-n"] if inside else []
    done = subprocess.run([*where, "ip", *command.split()], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"ip {command}: {done.stderr.strip()}")
    return done.stdout


def carries(device: str, inside: int = 0) -> None:
    """Wait until a device is really up: what is sent earlier is dropped without being counted."""
    until(lambda: " state UP " in ip(f"link show {device}", inside), 60, f"{device} up")


def send_frames(device: str, count: int, size: int, inside: int = 0) -> None:
    """Send raw frames: each is counted as one packet of exactly this many bytes."""
    if inside:
        with entered(inside):
            send_frames(device, count, size)
        return
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sock:
        sock.bind((device, 0))
        frame = bytes.fromhex("ffffffffffff02000000000188b5").ljust(size, b"\0")  # local experimental ethertype
        for _ in range(count):
            sock.send(frame)
