"""The kernel's types: a few of our own in the kernel's form, and those of this machine."""

import platform
import struct
from pathlib import Path

import pytest

from exporter.errors import SourceError
from exporter.kernel.bpf.btf import Btf, read_btf

INT, PTR, ARRAY, STRUCT, UNION, ENUM, TYPEDEF, CONST, FUNC_PROTO, VAR, DECL_TAG = 1, 2, 3, 4, 5, 6, 8, 10, 13, 14, 17


class Types:
    """Writes BTF: each method adds a type, and its number is how many there were before."""

    def __init__(self) -> None:
        self.types, self.strings = b"", b"\0"

    def name(self, text: str) -> int:
        """Where the text stands; each stands there once."""
        if not text:
            return 0
        place = self.strings.find(b"\0" + text.encode() + b"\0")
        if place < 0:
            place = len(self.strings) - 1
            self.strings += text.encode() + b"\0"
        return place + 1

    def add(
        self, name: str, kind: int, size: int = 0, entries: int = 0, rest: bytes = b"", *, flag: bool = False
    ) -> None:
        """A type; `rest` is what its kind has behind the head, `flag` the kind_flag."""
        self.types += struct.pack("=III", self.name(name), flag << 31 | kind << 24 | entries, size) + rest

    def members(self, name: str, kind: int, *members: tuple[str, int, int], flag: bool = False) -> None:
        """A struct or union of (name, type, offset in bits)."""
        rest = b"".join(struct.pack("=III", self.name(member), number, bits) for member, number, bits in members)
        self.add(name, kind, 64, len(members), rest, flag=flag)

    def bytes(self) -> bytes:
        """All of it, as in /sys/kernel/btf/vmlinux."""
        header = struct.pack("=HBBIIIII", 0xEB9F, 1, 0, 24, 0, len(self.types), len(self.types), len(self.strings))
        return header + self.types + self.strings


def types() -> Types:
    """Each kind that has something behind its head stands before what is asked for."""
    made = Types()
    made.add("int", INT, 4, rest=bytes(4))  # 1
    made.add("", ARRAY, rest=struct.pack("=III", 1, 1, 4))  # 2
    made.add("", FUNC_PROTO, 1, 2, bytes(16))  # 3
    made.add("variable", VAR, 1, rest=bytes(4))  # 4
    made.add("tag", DECL_TAG, 1, rest=bytes(4))  # 5
    made.members("", UNION, ("first", 1, 0), ("second", 1, 0))  # 6
    made.members("inner", STRUCT, ("before", 1, 0), ("", 6, 64), ("after", 1, 96))  # 7
    made.add("inner_t", TYPEDEF, 7)  # 8
    made.add("", CONST, 8)  # 9
    made.members("outer", STRUCT, ("head", 1, 0), ("body", 9, 128))  # 10
    made.members("packed", STRUCT, ("plain", 1, 32), ("bits", 1, 3 << 24 | 64), flag=True)  # 11
    numbers = struct.pack("=IiIi", made.name("ONE"), 1, made.name("MINUS"), -1)
    made.add("numbers", ENUM, 4, 2, numbers)  # 12
    made.add("outer", PTR, 10)
    return made


@pytest.mark.parametrize(
    ("field", "offset"),
    [
        ("inner", 0),
        ("inner.before", 0),
        ("inner.first", 8),
        ("inner.second", 8),
        ("inner.after", 12),
        ("outer.head", 0),
        ("outer.body", 16),
        ("outer.body.second", 24),
        ("outer.body.after", 28),
        ("packed.plain", 4),
    ],
)
def test_a_field_is_found_through_what_has_no_name_and_what_has_two(field: str, offset: int) -> None:
    assert Btf(types().bytes()).offset(field) == offset


@pytest.mark.parametrize(
    "field",
    ["nothing.at_all", "inner.nothing", "outer.body.nothing", "outer.head.inside", "packed.bits", "numbers.ONE"],
)
def test_what_is_not_there_or_has_no_byte_of_its_own_is_unsupported(field: str) -> None:
    with pytest.raises(SourceError, match=f"this kernel has no {field.partition('.')[0]}") as caught:
        Btf(types().bytes()).offset(field)
    assert caught.value.reason == "unsupported"


def test_of_an_old_and_a_new_name_the_one_that_is_there_is_taken() -> None:
    btf = Btf(types().bytes())
    assert btf.offset("inner.__after", "inner.after") == 12
    assert btf.offset("inner.after", "inner.before") == 12


def test_an_enum_tells_its_values() -> None:
    btf = Btf(types().bytes())
    assert (btf.enumerator("numbers", "ONE"), btf.enumerator("numbers", "MINUS")) == (1, -1)
    with pytest.raises(SourceError, match="no TWO"):
        btf.enumerator("numbers", "TWO")


def test_other_bytes_are_no_types() -> None:
    with pytest.raises(SourceError, match="another byte order"):
        Btf(bytes(24))


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the offsets are those of x86-64")
def test_this_kernels_own_registers_are_where_the_manual_has_them() -> None:
    """They are fixed: struct pt_regs is what ptrace(2) shows, asm/ptrace.h."""
    try:
        btf = read_btf(Path("/sys"))
    except SourceError as error:
        pytest.skip(str(error))
    assert (btf.offset("pt_regs.di"), btf.offset("pt_regs.si"), btf.offset("pt_regs.ax")) == (14 * 8, 13 * 8, 10 * 8)
