"""BPF programs that drop every packet at a device or a cgroup, attached for as long as their descriptor is open."""

import ctypes
import os
import platform
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

# bpf: arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h
BPF = {"x86_64": 321, "aarch64": 280}[platform.machine()]
# linux/bpf.h: enum bpf_cmd
BPF_PROG_LOAD, BPF_LINK_CREATE = 5, 28


@dataclass(frozen=True, slots=True)
class Hook:
    """Where a program runs: enum bpf_prog_type and bpf_attach_type, its verdict to drop, flags of the attachment."""

    program: int
    attach: int
    verdict: int
    flags: int = 0


# XDP_DROP, XDP_FLAGS_SKB_MODE; TC_ACT_SHOT
XDP = Hook(program=6, attach=37, verdict=1, flags=2)
TCX_INGRESS = Hook(program=3, attach=46, verdict=2)
# BPF_PROG_TYPE_CGROUP_SKB and BPF_PROG_TYPE_CGROUP_SOCK_ADDR: 0 drops, or refuses to connect
CGROUP_INGRESS = Hook(program=8, attach=0, verdict=0)
CGROUP_EGRESS = Hook(program=8, attach=1, verdict=0)
CONNECT4 = Hook(program=18, attach=10, verdict=0)

# BPF_PROG_TYPE_SK_LOOKUP, at a network namespace: SK_DROP
SOCKET_LOOKUP = Hook(program=30, attach=36, verdict=0)


@contextmanager
def dropping(device: str, hook: Hook) -> Iterator[None]:
    """Drop what a device of this thread's network namespace receives."""
    with _attached(socket.if_nametoindex(device), hook):
        yield


@contextmanager
def dropping_in(place: Path, hook: Hook) -> Iterator[None]:
    """Drop packets of sockets in a cgroup or a network namespace, or refuse their connections."""
    folder = os.open(place, os.O_RDONLY)
    try:
        with _attached(folder, hook):
            yield
    finally:
        os.close(folder)


@contextmanager
def _attached(target: int, hook: Hook) -> Iterator[None]:
    # two instructions: move the verdict to register 0, and exit
    instructions = struct.pack("=BBhi", 0xB7, 0, 0, hook.verdict) + struct.pack("=BBhi", 0x95, 0, 0, 0)
    code, licence = ctypes.create_string_buffer(instructions), ctypes.create_string_buffer(b"GPL")
    addresses = (ctypes.addressof(code), ctypes.addressof(licence))
    load = struct.pack("=IIQQ44xI", hook.program, len(instructions) // 8, *addresses, hook.attach)
    program = _bpf(BPF_PROG_LOAD, load)
    try:
        link = _bpf(BPF_LINK_CREATE, struct.pack("=IIII", program, target, hook.attach, hook.flags))
    finally:
        os.close(program)
    try:
        yield
    finally:
        os.close(link)


def _bpf(command: int, attribute: bytes) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(attribute, 120)
    result = int(libc.syscall(BPF, command, buffer, len(buffer)))
    if result < 0:
        raise OSError(ctypes.get_errno(), "bpf")
    return result
