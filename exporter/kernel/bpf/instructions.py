"""BPF instructions by name, and the assembler that resolves jumps.

Source: Documentation/bpf/standardization/instruction-set.rst (RFC 9669); the helpers' numbers are those of enum
bpf_func_id in linux/bpf.h.
"""

import struct
from collections.abc import Iterable
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

# A helper takes R1 to R5, answers in R0 and leaves R6 to R9 alone. A program starts with its context in R1. The stack
# is 512 bytes below FP.
R0, R1, R2, R3, R4, R5, R6, R7, R8, R9, FP = range(11)

BYTE, HALF, WORD, DOUBLE = 0x10, 0x08, 0x00, 0x18  # a load's or store's width: 1, 2, 4 and 8 bytes
PSEUDO_MAP_FD, PSEUDO_FUNC = 1, 4
BPF_NOEXIST = 1  # of bpf_map_update_elem: leave an element that is there

MAP_LOOKUP_ELEM, MAP_UPDATE_ELEM, MAP_DELETE_ELEM, KTIME_GET_NS, GET_CURRENT_PID_TGID = 1, 2, 3, 5, 14
GET_CURRENT_UID_GID, GET_CURRENT_COMM = 15, 16
SKC_TO_TCP_SOCK, FOR_EACH_MAP_ELEM = 137, 164  # since Linux 5.9 and 5.13
GET_CURRENT_CGROUP_ID, PROBE_READ_USER, PROBE_READ_KERNEL, PROBE_READ_KERNEL_STR = 80, 112, 113, 115
GET_CURRENT_ANCESTOR_CGROUP_ID = 123
GET_CURRENT_TASK_BTF, TASK_PT_REGS = 158, 175  # since Linux 5.11 and 5.15

ENCODED = struct.Struct("=BBhi")


class Instruction(Struct, frozen=True):
    """struct bpf_insn; `target` is the label of a jump, until the assembler resolves it to `off`."""

    code: int
    dst: int = 0
    src: int = 0
    off: int = 0
    imm: int = 0
    target: str = ""


class Label(Struct, frozen=True):
    """A place to jump to: the instruction after it."""

    name: str


Code: TypeAlias = list[Instruction | Label]


def move(dst: int, src: int) -> Instruction:
    """Copy: dst = src."""
    return Instruction(0xBF, dst, src)


def set_to(dst: int, imm: int) -> Instruction:
    """Set: dst = imm."""
    return Instruction(0xB7, dst, imm=imm)


def add(dst: int, imm: int) -> Instruction:
    """Add: dst += imm."""
    return Instruction(0x07, dst, imm=imm)


def add_register(dst: int, src: int) -> Instruction:
    """Add: dst += src."""
    return Instruction(0x0F, dst, src)


def subtract_register(dst: int, src: int) -> Instruction:
    """Subtract: dst -= src."""
    return Instruction(0x1F, dst, src)


def bit_and(dst: int, imm: int) -> Instruction:
    """Mask: dst &= imm."""
    return Instruction(0x57, dst, imm=imm)


def shift_left(dst: int, imm: int) -> Instruction:
    """Shift: dst <<= imm."""
    return Instruction(0x67, dst, imm=imm)


def shift_right(dst: int, imm: int) -> Instruction:
    """Shift, without sign: dst >>= imm."""
    return Instruction(0x77, dst, imm=imm)


def to_big_endian_16(dst: int) -> Instruction:
    """Swap: dst = htons(dst), which is ntohs too."""
    return Instruction(0xDC, dst, imm=16)


def load(width: int, dst: int, src: int, off: int) -> Instruction:
    """Load: dst = *(src + off)."""
    return Instruction(0x61 | width, dst, src, off)


def store(width: int, dst: int, off: int, src: int) -> Instruction:
    """Store: *(dst + off) = src."""
    return Instruction(0x63 | width, dst, src, off)


def store_imm(width: int, dst: int, off: int, imm: int) -> Instruction:
    """Store: *(dst + off) = imm."""
    return Instruction(0x62 | width, dst, off=off, imm=imm)


def add_atomically(dst: int, off: int, src: int) -> Instruction:
    """Add in memory, eight bytes that other CPUs may add to: *(dst + off) += src."""
    return Instruction(0xDB, dst, src, off)


def call(helper: int) -> Instruction:
    """Call a helper: R0 = helper(R1, ..., R5)."""
    return Instruction(0x85, imm=helper)


def leave() -> Instruction:
    """Return R0."""
    return Instruction(0x95)


def jump(target: str) -> Instruction:
    """Goto target."""
    return Instruction(0x05, target=target)


def jump_if_equal(dst: int, imm: int, target: str) -> Instruction:
    """If (dst == imm) goto target."""
    return Instruction(0x15, dst, imm=imm, target=target)


def jump_unless_equal(dst: int, imm: int, target: str) -> Instruction:
    """If (dst != imm) goto target."""
    return Instruction(0x55, dst, imm=imm, target=target)


def jump_if_greater(dst: int, imm: int, target: str) -> Instruction:
    """If (dst > imm) goto target; without sign."""
    return Instruction(0x25, dst, imm=imm, target=target)


def jump_unless_same(dst: int, src: int, target: str) -> Instruction:
    """If (dst != src) goto target; both are registers."""
    return Instruction(0x5D, dst, src, target=target)


def set_to_double(dst: int, number: int) -> Code:
    """Set: dst = number, of eight bytes without sign: one instruction, as wide as two."""
    low, high = struct.unpack("=ii", struct.pack("=Q", number))
    return [Instruction(0x18, dst, imm=low), Instruction(0, imm=high)]


def load_function(dst: int, distance: int) -> Code:
    """Load a function of the same program, `distance` instructions after these two."""
    return [Instruction(0x18, dst, PSEUDO_FUNC, imm=distance + 1), Instruction(0)]


def load_map(dst: int, fd: int) -> Code:
    """Load a map by its descriptor: one instruction, as wide as two."""
    return [Instruction(0x18, dst, PSEUDO_MAP_FD, imm=fd), Instruction(0)]


def assemble(code: Iterable[Instruction | Label]) -> bytes:
    """Encode a program; KeyError for a jump to nowhere."""
    places: dict[str, int] = {}
    instructions: list[Instruction] = []
    for item in code:
        if isinstance(item, Label):
            places[item.name] = len(instructions)
        else:
            instructions.append(item)
    return b"".join(
        _encode(replace(each, off=places[each.target] - place - 1) if each.target else each)
        for place, each in enumerate(instructions)
    )


def _encode(each: Instruction) -> bytes:
    return ENCODED.pack(each.code, each.src << 4 | each.dst, each.off, each.imm)
