"""An XDP program that drops every packet of a device, attached for as long as its descriptor is open."""

import ctypes
import os
import platform
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager

# bpf: arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h
BPF = {"x86_64": 321, "aarch64": 280}[platform.machine()]
# linux/bpf.h: enum bpf_cmd, bpf_prog_type, bpf_attach_type, xdp_action; linux/if_link.h
BPF_PROG_LOAD, BPF_LINK_CREATE = 5, 28
BPF_PROG_TYPE_XDP, BPF_XDP, XDP_DROP, XDP_FLAGS_SKB_MODE = 6, 37, 1, 2
# two instructions: move XDP_DROP to register 0, and exit
PROGRAM = struct.pack("=BBhi", 0xB7, 0, 0, XDP_DROP) + struct.pack("=BBhi", 0x95, 0, 0, 0)


@contextmanager
def dropping(device: str) -> Iterator[None]:
    """Drop what a device of this thread's network namespace receives."""
    code, licence = ctypes.create_string_buffer(PROGRAM, len(PROGRAM)), ctypes.create_string_buffer(b"GPL")
    addresses = (ctypes.addressof(code), ctypes.addressof(licence))
    program = _bpf(BPF_PROG_LOAD, struct.pack("=IIQQ", BPF_PROG_TYPE_XDP, len(PROGRAM) // 8, *addresses))
    try:
        target = (program, socket.if_nametoindex(device), BPF_XDP, XDP_FLAGS_SKB_MODE)
        link = _bpf(BPF_LINK_CREATE, struct.pack("=IIII", *target))
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
