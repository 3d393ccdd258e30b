"""Pieces that all parts of the program are made of, and its stack.

Kernel pointers are followed by bpf_probe_read_kernel, which leaves zeros behind when one leads nowhere: what is read
by a null pointer is null, and nothing needs a check on the way.
"""

from exporter.kernel.bind_failures.instructions import (
    DOUBLE,
    FP,
    PROBE_READ_KERNEL,
    PROBE_READ_USER,
    R1,
    R2,
    R3,
    R6,
    R7,
    R8,
    Code,
    add,
    call,
    load,
    move,
    set_to,
    store_imm,
)
from exporter.kernel.bind_failures.records import SIZE_OF_REFUSAL, SIZE_OF_TALLY

# Offsets from FP.
KEY = -SIZE_OF_REFUSAL  # struct refusal
VALUE = KEY - SIZE_OF_TALLY  # struct tally
SCRATCH = VALUE - 8
INDEX = SCRATCH - 8  # the only key of the array `lost`

# Registers that a helper leaves alone, and what is in them from start to end; R9 is free for whatever is followed.
TASK, SOCK, ARGUMENT = R6, R7, R8


def zero(place: int, size: int) -> Code:
    """memset(fp + place, 0, size), by eights."""
    return [store_imm(DOUBLE, FP, place + at, 0) for at in range(0, size, 8)]


def stack(dst: int, place: int) -> Code:
    """Point to the stack: dst = fp + place."""
    return [move(dst, FP), add(dst, place)]


def read(place: int, size: int, source: int, offset: int) -> Code:
    """Copy from the kernel's memory to the stack: memcpy(fp + place, source + offset, size)."""
    return _copy(PROBE_READ_KERNEL, place, size, source, offset)


def read_user(place: int, size: int, source: int, offset: int) -> Code:
    """Copy from the process's memory to the stack."""
    return _copy(PROBE_READ_USER, place, size, source, offset)


def follow(dst: int, source: int, offset: int) -> Code:
    """Follow a pointer: dst = *(source + offset)."""
    return [*read(SCRATCH, 8, source, offset), load(DOUBLE, dst, FP, SCRATCH)]


def _copy(helper: int, place: int, size: int, source: int, offset: int) -> Code:
    return [move(R3, source), add(R3, offset), *stack(R1, place), set_to(R2, size), call(helper)]
