"""BTF: the kernel's own description of its types, which has the offsets of the fields that a program reads.

Source: /sys/kernel/btf/vmlinux, Documentation/bpf/btf.rst. Readable without any right; parsing takes a tenth of a
second, so an object is made once, used, and released.
"""

import struct
from collections.abc import Iterator
from pathlib import Path

from exporter.errors import SourceError

MAGIC = 0xEB9F
HEADER = struct.Struct("=HBBIIIII")  # struct btf_header: magic, version, flags, hdr_len, then two sections
TYPE = struct.Struct("=III")  # struct btf_type: name_off, info, size or type
MEMBER = struct.Struct("=III")  # struct btf_member: name_off, type, offset in bits
ENUM = struct.Struct("=Ii")  # struct btf_enum: name_off, val
BITFIELD = 1 << 31  # kind_flag in btf_type.info: a member's offset then has its width in bits 24 to 31

INT, ARRAY, STRUCT, UNION, ENUMERATION, TYPEDEF, VOLATILE, CONST = 1, 3, 4, 5, 6, 8, 9, 10
FUNC, FUNC_PROTO, VAR, DATASEC, DECL_TAG, TYPE_TAG, ENUM64 = 12, 13, 14, 15, 17, 18, 19
FIXED = {INT: 4, ARRAY: 12, VAR: 4, DECL_TAG: 4}  # bytes that follow a btf_type
REPEATED = {STRUCT: 12, UNION: 12, ENUMERATION: 8, FUNC_PROTO: 8, DATASEC: 12, ENUM64: 12}  # the same, vlen times
TRANSPARENT = {TYPEDEF, VOLATILE, CONST, TYPE_TAG}


def read_btf(sysfs: Path) -> "Btf":
    """Read the kernel's types. SourceError `no_btf` where the kernel was built without."""
    try:
        data = (sysfs / "kernel/btf/vmlinux").read_bytes()
    except OSError as error:
        raise SourceError("no_btf", f"{error.filename}: {error.strerror}") from error
    return Btf(data)


class Btf:
    """The types of one kernel. What it does not have raises SourceError `unsupported`."""

    def __init__(self, data: bytes) -> None:
        magic, _, _, length, types, types_length, strings, strings_length = HEADER.unpack_from(data)
        if magic != MAGIC:
            raise SourceError("unsupported", "the kernel's BTF has another byte order or form")
        self._types = data[length + types : length + types + types_length]
        self._strings = data[length + strings : length + strings + strings_length]
        self._positions, self._named = _positions(self._types)

    def offset(self, *fields: str) -> int:
        """Return the offset of a field in bytes, as `sock.__sk_common.skc_num`; of several names the first that is."""
        for field in fields:
            name, *path = field.split(".")
            found = self._walk(self._struct(name), path)
            if found is not None:
                return found
        raise SourceError("unsupported", f"this kernel has no {fields[0]}")

    def enumerator(self, enumeration: str, name: str) -> int:
        """Return the value of an enum's member."""
        position = self._find(enumeration, ENUMERATION)
        _, info, _ = TYPE.unpack_from(self._types, position)
        for place in range(info & 0xFFFF):
            text, value = ENUM.unpack_from(self._types, position + TYPE.size + place * ENUM.size)
            if self._text(text) == name:
                return int(value)
        raise SourceError("unsupported", f"this kernel has no {name}")

    def numbers(self, kind: int, *names: str) -> dict[str, int]:
        """Return the numbers of types of one kind by their names, of those that there are."""
        places = {self._place(name): name for name in names}
        return {
            places[name]: number
            for number, position in enumerate(self._positions)
            for name, info, _ in (TYPE.unpack_from(self._types, position),)
            if name in places and name and number and info >> 24 & 0x1F == kind
        }

    def _struct(self, name: str) -> int:
        return self._find(name, STRUCT)

    def _find(self, name: str, kind: int) -> int:
        text = self._place(name)
        position = self._named.get((text, kind)) if text else None
        if position is None:
            raise SourceError("unsupported", f"this kernel has no {name}")
        return position

    def _place(self, name: str) -> int:
        """Return the number by which a type has its name: strings are unique, so it is the one place of the text."""
        return self._strings.find(b"\0" + name.encode() + b"\0") + 1

    def _walk(self, position: int, path: list[str]) -> int | None:
        """Return the offset of a path below a struct; members without a name are looked through, as C does."""
        if not path:
            return 0
        for name, member, offset in self._members(position):
            below = path[1:] if name == path[0] else path if not name else None
            if below is None:
                continue
            inside = self._walk(self._resolved(member), below) if below else 0
            if inside is not None:
                return offset + inside
        return None

    def _members(self, position: int) -> Iterator[tuple[str, int, int]]:
        """Each member's name, type and offset in bytes, but for those that share a byte with others."""
        _, info, _ = TYPE.unpack_from(self._types, position)
        if info >> 24 & 0x1F not in (STRUCT, UNION):
            return
        for place in range(info & 0xFFFF):
            name, member, bits = MEMBER.unpack_from(self._types, position + TYPE.size + place * MEMBER.size)
            if not (info & BITFIELD and bits >> 24):
                yield self._text(name), member, (bits & 0xFFFFFF) // 8

    def _resolved(self, number: int) -> int:
        """Return the position of a type, typedefs and qualifiers taken off."""
        _, info, below = TYPE.unpack_from(self._types, self._positions[number])
        return self._resolved(below) if info >> 24 & 0x1F in TRANSPARENT else self._positions[number]

    def _text(self, offset: int) -> str:
        return self._strings[offset : self._strings.index(b"\0", offset)].decode()


def _positions(types: bytes) -> tuple[list[int], dict[tuple[int, int], int]]:
    """Where each type stands, by its number (0 is void), and by (name, kind) the first struct or enum of a name."""
    positions = [0]
    named: dict[tuple[int, int], int] = {}
    position = 0
    while position < len(types):
        name, info, _ = TYPE.unpack_from(types, position)
        kind = info >> 24 & 0x1F
        positions.append(position)
        if kind in (STRUCT, ENUMERATION):
            named.setdefault((name, kind), position)
        position += TYPE.size + FIXED.get(kind, 0) + REPEATED.get(kind, 0) * (info & 0xFFFF)
    return positions, named
