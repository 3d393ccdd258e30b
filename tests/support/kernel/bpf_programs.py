"""BPF programs of a process."""

import ctypes

from exporter.kernel.bpf.attributes import ObjectInfo
from exporter.kernel.bpf.programs import bpf

BPF_OBJ_GET_INFO_BY_FD = 15


def program_id(program: int) -> int:
    """Its number in the kernel, the second word of struct bpf_prog_info."""
    info = (ctypes.c_uint32 * 64)()
    attribute = ObjectInfo(bpf_fd=program, info_len=ctypes.sizeof(info), info=ctypes.addressof(info))
    bpf(BPF_OBJ_GET_INFO_BY_FD, attribute)
    return info[1]
