"""The bpf(2) system call by ctypes: load a program, attach it to a tracepoint. Maps are in maps.py.

Nothing is pinned: programs, maps and attachments are file descriptors, and the kernel frees each with its last one,
however the process ends.
"""

import ctypes
import errno
import fcntl
import os
import platform
import struct
from typing import Any

from msgspec import Struct

from exporter.errors import SourceError
from exporter.kernel.bpf.attributes import ObjectInfo, PerfEvent, ProgramInfo, ProgramLoad
from exporter.kernel.libc import checked, libc

# bpf, perf_event_open: arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h
SYSCALLS = {"x86_64": (321, 298), "aarch64": (280, 241)}

# linux/bpf.h: enum bpf_cmd, enum bpf_prog_type
BPF_PROG_LOAD, BPF_OBJ_GET_INFO_BY_FD = 5, 15
BPF_PROG_TYPE_TRACEPOINT = 5

# linux/perf_event.h
PERF_TYPE_TRACEPOINT, PERF_FLAG_FD_CLOEXEC = 2, 8
PERF_EVENT_IOC_SET_BPF, PERF_EVENT_IOC_ENABLE = 0x40042408, 0x2400

INSTRUCTION_BYTES = 8
LOG_BYTES = 1 << 20
LICENCE = b"GPL"  # required by the helpers that read kernel memory
FUNCTION = struct.Struct("=II")  # struct bpf_func_info: insn_off, type_id


class Kind(Struct, frozen=True):
    """What a program is loaded as: enum bpf_prog_type, enum bpf_attach_type, and the BTF type that it is attached to.

    `btf` is the descriptor of its own types, `functions` are pairs of an instruction and the type of the function that
    begins there: for programs that hand a function to a helper.
    """

    program: int = BPF_PROG_TYPE_TRACEPOINT
    attach: int = 0
    target: int = 0
    btf: int = 0
    functions: tuple[tuple[int, int], ...] = ()


TRACEPOINT = Kind()


def syscall_numbers() -> tuple[int, int]:
    """Return those of bpf and perf_event_open. SourceError `unsupported` on a machine that is not known."""
    machine = platform.machine()
    if machine not in SYSCALLS:
        raise SourceError("unsupported", f"no numbers of system calls are known for {machine}")
    return SYSCALLS[machine]


def bpf(command: int, attribute: ctypes.Structure) -> int:
    """Give the kernel a command; OSError when it refuses."""
    number, _ = syscall_numbers()
    size = ctypes.c_uint(ctypes.sizeof(attribute))
    return checked(libc.syscall(ctypes.c_long(number), ctypes.c_int(command), ctypes.byref(attribute), size), "bpf")


def load_program(code: bytes, name: str, kind: Kind = TRACEPOINT) -> int:
    """Load a program and return its descriptor.

    PermissionError without the right to; SourceError `unsupported`, with the verifier's log, when it is not accepted.
    """
    try:
        return _load(code, name, kind)
    except OSError as error:
        if error.errno == errno.EPERM:  # EACCES is the verifier's
            raise
        log = ctypes.create_string_buffer(LOG_BYTES)
        try:
            return _load(code, name, kind, log)
        except OSError:
            output = log.value.decode(errors="replace").strip()
            raise SourceError(
                "unsupported", f"the program {name} is not accepted: {error.strerror}\n{output}"
            ) from error


def _load(code: bytes, name: str, kind: Kind, log: Any = None) -> int:
    instructions, licence = ctypes.create_string_buffer(code, len(code)), ctypes.create_string_buffer(LICENCE)
    functions = ctypes.create_string_buffer(b"".join(FUNCTION.pack(*each) for each in kind.functions))
    attribute = ProgramLoad(
        prog_type=kind.program,
        expected_attach_type=kind.attach,
        attach_btf_id=kind.target,
        insn_cnt=len(code) // INSTRUCTION_BYTES,
        insns=ctypes.addressof(instructions),
        license=ctypes.addressof(licence),
        prog_name=name.encode(),
    )
    if kind.functions:
        attribute.prog_btf_fd, attribute.func_info_rec_size = kind.btf, FUNCTION.size
        attribute.func_info, attribute.func_info_cnt = ctypes.addressof(functions), len(kind.functions)
    if log is not None:
        attribute.log_level, attribute.log_size, attribute.log_buf = 1, len(log), ctypes.addressof(log)
    return bpf(BPF_PROG_LOAD, attribute)


def read_misses(program: int) -> int:
    """Return how often the kernel skipped a program, its CPU being busy with another (counted since Linux 6.7)."""
    info = ProgramInfo()
    bpf(
        BPF_OBJ_GET_INFO_BY_FD,
        ObjectInfo(bpf_fd=program, info_len=ctypes.sizeof(info), info=ctypes.addressof(info)),
    )
    return int(info.recursion_misses)


def attach_tracepoint(program: int, tracepoint: int) -> int:
    """Attach a program to a tracepoint, given by its id; return the descriptor that keeps it attached."""
    size = ctypes.sizeof(PerfEvent)
    return attach_event(program, PerfEvent(type=PERF_TYPE_TRACEPOINT, size=size, config=tracepoint, sample_period=1))


def attach_event(program: int, event: PerfEvent) -> int:
    """Open an event and attach a program to it; return the descriptor that keeps it attached.

    The event is one of CPU 0 that takes no samples: a program at a tracepoint or a kprobe runs on every CPU.
    """
    _, number = syscall_numbers()
    all_processes, cpu, no_group = ctypes.c_int(-1), ctypes.c_int(0), ctypes.c_int(-1)
    flags = ctypes.c_ulong(PERF_FLAG_FD_CLOEXEC)
    opened = libc.syscall(ctypes.c_long(number), ctypes.byref(event), all_processes, cpu, no_group, flags)
    descriptor = checked(opened, "perf_event_open")
    try:
        fcntl.ioctl(descriptor, PERF_EVENT_IOC_SET_BPF, program)
        fcntl.ioctl(descriptor, PERF_EVENT_IOC_ENABLE, 0)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
