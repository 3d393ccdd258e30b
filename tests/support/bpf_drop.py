"""BPF programs that drop every packet that a device receives, attached for as long as their descriptor is open."""

import ctypes
import os
import platform
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

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


@contextmanager
def dropping(device: str, hook: Hook) -> Iterator[None]:
    """Drop what a device of this thread's network namespace receives."""
    # two instructions: move the verdict to register 0, and exit
    instructions = struct.pack("=BBhi", 0xB7, 0, 0, hook.verdict) + struct.pack("=BBhi", 0x95, 0, 0, 0)
    code, licence = ctypes.create_string_buffer(instructions), ctypes.create_string_buffer(b"GPL")
    addresses = (ctypes.addressof(code), ctypes.addressof(licence))
    program = _bpf(BPF_PROG_LOAD, struct.pack("=IIQQ", hook.program, len(instructions) // 8, *addresses))
    try:
        index = socket.if_nametoindex(device)
        link = _bpf(BPF_LINK_CREATE, struct.pack("=IIII", program, index, hook.attach, hook.flags))
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
