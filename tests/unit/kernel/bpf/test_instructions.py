"""The assembler, against encodings worked out by hand from RFC 9669; the comments are as llvm-objdump writes them."""

import pytest

from exporter.kernel.bpf import instructions as asm
from exporter.kernel.bpf.instructions import Instruction, Label, assemble


@pytest.mark.parametrize(
    ("instruction", "encoded"),
    [
        (asm.move(asm.R6, asm.R1), "bf 16 00 00 00 00 00 00"),  # r6 = r1
        (asm.set_to(asm.R0, 0), "b7 00 00 00 00 00 00 00"),  # r0 = 0
        (asm.add(asm.R2, -8), "07 02 00 00 f8 ff ff ff"),  # r2 += -8
        (asm.add_register(asm.R7, asm.R9), "0f 97 00 00 00 00 00 00"),  # r7 += r9
        (asm.shift_left(asm.R9, 3), "67 09 00 00 03 00 00 00"),  # r9 <<= 3
        (asm.shift_right(asm.R0, 32), "77 00 00 00 20 00 00 00"),  # r0 >>= 32
        (asm.to_big_endian_16(asm.R1), "dc 01 00 00 10 00 00 00"),  # r1 = be16 r1
        (asm.load(asm.DOUBLE, asm.R0, asm.R1, 16), "79 10 10 00 00 00 00 00"),  # r0 = *(u64 *)(r1 + 16)
        (asm.load(asm.WORD, asm.R9, asm.FP, -8), "61 a9 f8 ff 00 00 00 00"),  # r9 = *(u32 *)(r10 - 8)
        (asm.load(asm.HALF, asm.R1, asm.FP, -2), "69 a1 fe ff 00 00 00 00"),  # r1 = *(u16 *)(r10 - 2)
        (asm.load(asm.BYTE, asm.R1, asm.FP, -1), "71 a1 ff ff 00 00 00 00"),  # r1 = *(u8 *)(r10 - 1)
        (asm.store(asm.DOUBLE, asm.FP, -8, asm.R1), "7b 1a f8 ff 00 00 00 00"),  # *(u64 *)(r10 - 8) = r1
        (asm.store(asm.HALF, asm.FP, -8, asm.R1), "6b 1a f8 ff 00 00 00 00"),  # *(u16 *)(r10 - 8) = r1
        (asm.store_imm(asm.DOUBLE, asm.FP, -8, 0), "7a 0a f8 ff 00 00 00 00"),  # *(u64 *)(r10 - 8) = 0
        (asm.add_atomically(asm.R7, 8, asm.R1), "db 17 08 00 00 00 00 00"),  # lock *(u64 *)(r7 + 8) += r1
        (asm.call(asm.KTIME_GET_NS), "85 00 00 00 05 00 00 00"),  # call 5
        (asm.leave(), "95 00 00 00 00 00 00 00"),  # exit
    ],
)
def test_an_instruction_has_the_bytes_of_its_line(instruction: Instruction, encoded: str) -> None:
    assert assemble([instruction]) == bytes.fromhex(encoded)


def test_a_map_takes_two_places() -> None:
    assert assemble(asm.load_map(asm.R1, 5)) == bytes.fromhex("18 11 00 00 05 00 00 00 00 00 00 00 00 00 00 00")


def test_a_jump_leads_to_the_instruction_after_its_label() -> None:
    code = [
        asm.jump_unless_equal(asm.R0, -98, "leave"),
        *asm.load_map(asm.R1, 5),
        asm.jump("leave"),
        asm.jump_if_equal(asm.R0, 0, "here"),
        Label("here"),
        Label("leave"),
        asm.leave(),
    ]
    encoded = assemble(code)
    jumps = [encoded[8 * place : 8 * place + 8] for place in (0, 3, 4)]
    assert jumps[0] == bytes.fromhex("55 00 04 00 9e ff ff ff")  # if r0 != -98 goto +4
    assert jumps[1] == bytes.fromhex("05 00 01 00 00 00 00 00")  # goto +1
    assert jumps[2] == bytes.fromhex("15 00 00 00 00 00 00 00")  # if r0 == 0 goto +0


def test_a_jump_to_nowhere_is_an_error() -> None:
    with pytest.raises(KeyError, match="nowhere"):
        assemble([asm.jump("nowhere"), asm.leave()])
