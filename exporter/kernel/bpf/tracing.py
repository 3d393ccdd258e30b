"""Programs that are attached without tracefs: raw tracepoints, fexit, iterators, and programs that are run by hand."""

import ctypes
import os
import struct

from exporter.kernel.bpf.attributes import BtfLoad, IteratorCreate, LinkCreate, RawTracepointOpen, TestRun
from exporter.kernel.bpf.btf import FUNC, FUNC_PROTO, HEADER, INT, MAGIC, TYPE
from exporter.kernel.bpf.programs import Kind, bpf

# linux/bpf.h: enum bpf_cmd, enum bpf_prog_type, enum bpf_attach_type
BPF_PROG_TEST_RUN, BPF_RAW_TRACEPOINT_OPEN, BPF_BTF_LOAD, BPF_LINK_CREATE, BPF_ITER_CREATE = 10, 17, 18, 28, 33
RAW_TRACEPOINT, TRACING = 17, 26
TRACE_RAW_TP, TRACE_FEXIT, TRACE_ITER = 23, 25, 28

MAIN, CALLBACK = 4, 5  # types of `callback_btf`
SIGNED_INT = 1 << 24 | 32  # BTF_INT_SIGNED, 32 bits
READ_BYTES = 4096


def typed_tracepoint(btf_id: int) -> Kind:
    """A program at a raw tracepoint whose arguments have types (tp_btf), by the number of its btf_trace_ typedef."""
    return Kind(TRACING, TRACE_RAW_TP, btf_id)


def fexit(btf_id: int) -> Kind:
    """A program at the return of a function of the kernel, by the number of the function."""
    return Kind(TRACING, TRACE_FEXIT, btf_id)


def iterator(btf_id: int) -> Kind:
    """A program that is called for each object, by the number of the kernel's bpf_iter_ function."""
    return Kind(TRACING, TRACE_ITER, btf_id)


def open_tracepoint(program: int, name: str = "") -> int:
    """Attach a program to a raw tracepoint; one of type tracing has in itself what it is attached to.

    Return the descriptor that keeps it attached.
    """
    text = ctypes.create_string_buffer(name.encode())
    return bpf(BPF_RAW_TRACEPOINT_OPEN, RawTracepointOpen(name=ctypes.addressof(text) if name else 0, prog_fd=program))


def run_program(program: int) -> None:
    """Run a program of type raw tracepoint once, in the calling thread."""
    bpf(BPF_PROG_TEST_RUN, TestRun(prog_fd=program))


def run_iterator(link: int) -> None:
    """Call an iterator's program for each object of the calling thread's network namespace."""
    descriptor = bpf(BPF_ITER_CREATE, IteratorCreate(link_fd=link))
    try:
        while os.read(descriptor, READ_BYTES):
            pass
    finally:
        os.close(descriptor)


def link_iterator(program: int) -> int:
    """Make an iterator runnable; return the descriptor."""
    return bpf(BPF_LINK_CREATE, LinkCreate(prog_fd=program, attach_type=TRACE_ITER))


def load_callback_btf() -> int:
    """Load the types of a program with a callback: `int main(int)` and `static int each(int, int, int, int)`."""
    data = callback_btf()
    buffer = ctypes.create_string_buffer(data, len(data))
    return bpf(BPF_BTF_LOAD, BtfLoad(btf=ctypes.addressof(buffer), btf_size=len(data)))


def callback_btf() -> bytes:
    """Return the least BTF that the verifier requires of a program with two functions."""
    names = (b"int", b"main", b"each", b"a", b"b", b"c", b"d")
    strings = b"\0" + b"\0".join(names) + b"\0"
    at = {name: strings.index(b"\0" + name + b"\0") + 1 for name in names}

    def parameters(count: int) -> bytes:
        return b"".join(struct.pack("=II", at[name], 1) for name in names[3 : 3 + count])

    types = (
        TYPE.pack(at[b"int"], INT << 24, 4)
        + struct.pack("=I", SIGNED_INT)
        + TYPE.pack(0, FUNC_PROTO << 24 | 1, 1)
        + parameters(1)
        + TYPE.pack(0, FUNC_PROTO << 24 | 4, 1)
        + parameters(4)
        + TYPE.pack(at[b"main"], FUNC << 24 | 1, 2)  # vlen of a function: BTF_FUNC_GLOBAL
        + TYPE.pack(at[b"each"], FUNC << 24, 3)
    )
    header = HEADER.pack(MAGIC, 1, 0, HEADER.size, 0, len(types), len(types), len(strings))
    return header + types + strings
