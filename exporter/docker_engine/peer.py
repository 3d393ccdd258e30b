"""The process behind the engine's Unix socket: what the kernel says of it, which no process can choose."""

import socket
import struct
from pathlib import Path
from typing import NamedTuple

from exporter.docker_engine.host import socket_path

DOCKERD = "dockerd"
UCRED = struct.Struct("=iII")  # struct ucred (linux/socket.h): pid, uid, gid


class Peer(NamedTuple):
    """The process that listens on a socket, as this one's namespaces number it and its user.

    Of a socket that systemd has made for the engine it is systemd. `here`: it is a dockerd in this network namespace;
    False also where that cannot be read.
    """

    pid: int
    uid: int
    here: bool = False


def read_peer(url: str, timeout: float) -> Peer | None:
    """Connect and read SO_PEERCRED (unix(7)); None for a TCP address, and where nothing listens."""
    path = socket_path(url)
    if path is None:
        return None
    try:
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(timeout)
            sock.connect(path)
            pid, uid, _ = UCRED.unpack(sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, UCRED.size))
            return Peer(pid, uid, is_here(pid))
    except OSError:
        return None


def is_here(pid: int) -> bool:
    """Whether a process is a dockerd in this network namespace (proc(5): /proc/PID/ns/net)."""
    process = Path(f"/proc/{pid}")
    try:
        program = (process / "comm").read_text().strip()
        return program == DOCKERD and (process / "ns/net").readlink() == Path("/proc/self/ns/net").readlink()
    except OSError:
        return False
