"""What an attacker can do who runs code as the exporter, in its container: tried, and printed as a list of words.

Runs by `docker exec` with the exporter's own interpreter, and so with its capabilities.
"""

import ctypes
import json
import os
import re
import socket
import struct
import sys
from collections.abc import Callable
from pathlib import Path

from exporter.app import capabilities
from exporter.kernel.proc import read_capabilities

libc = ctypes.CDLL(None, use_errno=True)
SYS_OPEN_BY_HANDLE_AT, SYS_BPF, SYS_SETNS = (304, 321, 308) if os.uname().machine == "x86_64" else (265, 280, 268)
CLONE_NEWNET = 0x40000000
RTM_NEWRULE, NLM_F_REQUEST_ACK_CREATE = 32, 0x1 | 0x4 | 0x400
ADDED = b"HTTP/1.1 404"  # there is no such image; the request itself was accepted


def engine(host: str, _: str) -> bool:
    """Whether the engine makes a container, which would be one with all rights."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(host.removeprefix("unix://"))
        body = b'{"Image":"none","HostConfig":{"Privileged":true}}'
        head = b"POST /containers/create HTTP/1.1\r\nHost: engine\r\nContent-Type: application/json\r\n"
        sock.sendall(head + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body)
        return sock.recv(100).startswith(ADDED)


def memory(_: str, __: str) -> bool:
    """Whether it reads the memory of a process of root's."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if process.stat().st_uid or not re.search(r"Uid:\t0", (process / "status").read_text()):
                continue
            place = (process / "maps").read_text().partition("-")[0]
            if _read_memory(int(process.name), int(place, 16)):
                return True
        except (OSError, ValueError):
            continue
    return False


def _read_memory(pid: int, place: int) -> bool:
    """By the system call: the file /proc/PID/mem is root's, and needs CAP_DAC_READ_SEARCH as well."""
    buffer = ctypes.create_string_buffer(8)
    own, other = struct.pack("PN", ctypes.addressof(buffer), 8), struct.pack("PN", place, 8)
    return bool(libc.process_vm_readv(pid, own, ctypes.c_ulong(1), other, ctypes.c_ulong(1), ctypes.c_ulong(0)) == 8)


def files(_: str, handle: str) -> bool:
    """Whether it opens a file of root's on the host that is not in the container, by its handle."""
    kind, data = handle.split(":")
    raw = bytes.fromhex(data)
    packed = ctypes.create_string_buffer(struct.pack("Ii", len(raw), int(kind)) + raw)
    mount = os.open("/etc/hostname", os.O_RDONLY)  # the engine keeps it on the host's own file system
    return bool(libc.syscall(SYS_OPEN_BY_HANDLE_AT, mount, packed, os.O_RDONLY) >= 0)


def namespaces(_: str, __: str) -> bool:
    """Whether it enters the network namespace of a container."""
    found = [os.open(path, os.O_RDONLY) for path in Path("/var/run/docker/netns").iterdir()]
    return any(libc.syscall(SYS_SETNS, one, CLONE_NEWNET) == 0 for one in found)


def mount(_: str, __: str) -> bool:
    """Whether it mounts a file system."""
    return bool(libc.mount(b"none", b"/proc/self/fdinfo", b"tmpfs", 0, None) == 0)


def kernel(_: str, __: str) -> bool:
    """Whether it loads a BPF map and may trace: with both it reads the kernel's memory."""
    attributes = ctypes.create_string_buffer(struct.pack("IIII", 2, 4, 8, 1), 128)
    has = read_capabilities()
    return libc.syscall(SYS_BPF, 0, attributes, 128) >= 0 and bool(has >> 38 & 1 or has >> 21 & 1)


def network(_: str, __: str) -> bool:
    """Whether it changes the host's network: a routing rule, which it adds for an address that nobody has."""
    rule = struct.pack("BBBBBBBBI", socket.AF_INET, 0, 0, 0, 254, 0, 0, 1, 0) + struct.pack("HHI", 8, 6, 32000)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as sock:
        sock.bind((0, 0))
        sock.send(struct.pack("IHHII", 16 + len(rule), RTM_NEWRULE, NLM_F_REQUEST_ACK_CREATE, 1, 0) + rule)
        answer = sock.recv(4096)
    return bool(struct.unpack("i", answer[16:20])[0] == 0)


POWERS: tuple[Callable[[str, str], bool], ...] = (engine, memory, files, mount, kernel, network, namespaces)


def tried(host: str, handle: str) -> list[str]:
    """The names of what works."""
    capabilities.take_up()
    found = []
    for power in POWERS:
        try:
            if power(host, handle):
                found.append(power.__name__)
        except OSError:
            continue
    return found


if __name__ == "__main__":
    print(json.dumps(tried(*sys.argv[1:])))
