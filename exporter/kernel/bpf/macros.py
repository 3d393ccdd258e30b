"""Sequences of instructions that programs are made of, and offsets of the structures that they write.

Kernel pointers are dereferenced by bpf_probe_read_kernel, which writes zeros for an invalid one: a chain of pointers
needs no check on its way.
"""

from ctypes import Structure

from exporter.kernel.bpf.instructions import (
    DOUBLE,
    FP,
    MAP_LOOKUP_ELEM,
    PROBE_READ_KERNEL,
    PROBE_READ_USER,
    R1,
    R2,
    R3,
    Code,
    add,
    call,
    load,
    load_map,
    move,
    set_to,
    store_imm,
)

SCRATCH = -8  # offset from FP: the eight bytes that `dereference` overwrites


def offset_of(structure: type[Structure], field: str) -> int:
    """Return a field's offset in bytes."""
    return int(getattr(structure, field).offset)


def size_of(structure: type[Structure], field: str) -> int:
    """Return a field's size in bytes."""
    return int(getattr(structure, field).size)


def zero(place: int, size: int) -> Code:
    """memset(fp + place, 0, size), eight bytes at a time."""
    return [store_imm(DOUBLE, FP, place + at, 0) for at in range(0, size, 8)]


def stack_pointer(dst: int, place: int) -> Code:
    """Point to the stack: dst = fp + place."""
    return [move(dst, FP), add(dst, place)]


def read_kernel(place: int, size: int, source: int, offset: int) -> Code:
    """Copy from the kernel's memory to the stack: memcpy(fp + place, source + offset, size)."""
    return _copy(PROBE_READ_KERNEL, place, size, source, offset)


def read_user(place: int, size: int, source: int, offset: int) -> Code:
    """Copy from the process's memory to the stack."""
    return _copy(PROBE_READ_USER, place, size, source, offset)


def dereference(dst: int, source: int, offset: int) -> Code:
    """Dereference a pointer: dst = *(source + offset)."""
    return [*read_kernel(SCRATCH, 8, source, offset), load(DOUBLE, dst, FP, SCRATCH)]


def look_up(map_descriptor: int, key: int) -> Code:
    """R0 = the value of a key on the stack, or null."""
    return [*load_map(R1, map_descriptor), *stack_pointer(R2, key), call(MAP_LOOKUP_ELEM)]


def _copy(helper: int, place: int, size: int, source: int, offset: int) -> Code:
    return [move(R3, source), add(R3, offset), *stack_pointer(R1, place), set_to(R2, size), call(helper)]
