"""Where the programs run: at the return of bind(2) and listen(2), in the ways that a kernel allows.

`fexit` and `kretprobe` are at the functions of the two system calls, and no other call passes them. While a tracepoint
of a system call is on, the kernel takes its slow path for every system call of every process.
"""

import platform
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from exporter.errors import SourceError
from exporter.kernel.bpf.btf import FUNC, Btf
from exporter.kernel.bpf.kretprobe import KPROBE, attach_kretprobe
from exporter.kernel.bpf.programs import TRACEPOINT as TRACEPOINT_KIND
from exporter.kernel.bpf.programs import Kind, attach_tracepoint
from exporter.kernel.bpf.tracefs import read_tracepoints
from exporter.kernel.bpf.tracing import fexit, open_tracepoint

FEXIT, KRETPROBE, TRACEPOINT = "fexit", "kretprobe", "tracepoint"
# In the order in which they are tried; the first two cost other calls nothing.
QUIET = (FEXIT, KRETPROBE)
ALL = (*QUIET, TRACEPOINT)

CALLS = ("bind", "listen")


class Machine(Struct, frozen=True):
    """How an architecture names the function of a system call, and the field of pt_regs with its result."""

    prefix: str
    result: str


MACHINES = {"x86_64": Machine("__x64_sys_", "pt_regs.ax"), "aarch64": Machine("__arm64_sys_", "pt_regs.regs")}


class Attachment(Struct, frozen=True):
    """How the program of one system call is attached. `result` is the offset of the call's result in its context."""

    kind: Kind
    result: int
    attach: Callable[[int], int]


def attachments(name: str, btf: Btf, sysfs: Path) -> tuple[Attachment, ...]:
    """Return those of bind and of listen. SourceError `unsupported` where the kernel has no such functions."""
    return {FEXIT: _fexit, KRETPROBE: _kretprobe, TRACEPOINT: _tracepoint}[name](btf, sysfs)


def _fexit(btf: Btf, sysfs: Path) -> tuple[Attachment, ...]:
    """The context is the function's only argument, then its result."""
    del sysfs
    functions = [_machine().prefix + call for call in CALLS]
    numbers = btf.numbers(FUNC, *functions)
    if missing := [function for function in functions if function not in numbers]:
        raise SourceError("unsupported", f"this kernel has no {missing[0]}")
    return tuple(Attachment(fexit(numbers[function]), 8, open_tracepoint) for function in functions)


def _kretprobe(btf: Btf, sysfs: Path) -> tuple[Attachment, ...]:
    """The context is struct pt_regs at the return."""
    del sysfs
    machine = _machine()
    result = btf.offset(machine.result)

    def of(function: str) -> Attachment:
        return Attachment(KPROBE, result, lambda program: attach_kretprobe(program, function))

    return tuple(of(machine.prefix + call) for call in CALLS)


def _tracepoint(btf: Btf, sysfs: Path) -> tuple[Attachment, ...]:
    """The context is struct syscall_trace_exit (kernel/trace/trace.h)."""
    del btf

    def of(place: int) -> Attachment:
        names = tuple(f"syscalls/sys_exit_{call}" for call in CALLS)
        return Attachment(
            TRACEPOINT_KIND, 16, lambda program: attach_tracepoint(program, read_tracepoints(sysfs, names)[place])
        )

    return tuple(of(place) for place in range(len(CALLS)))


def _machine() -> Machine:
    machine = platform.machine()
    if machine not in MACHINES:
        raise SourceError("unsupported", f"no functions of system calls are known for {machine}")
    return MACHINES[machine]
