"""The wire format of netlink: messages and attributes (linux/netlink.h).

Decoded here: a full decode of one link takes pyroute2 250 us, and a host has thousands.
"""

import os
import struct
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from exporter.kernel.netlink.numbers import NLM_F_REQUEST, NLMSG_DONE

NLM_F_MULTI = 0x2

HEADER = struct.Struct("=IHHII")  # nlmsghdr: length, type, flags, sequence, port
ATTRIBUTE = struct.Struct("=HH")  # nlattr: length, type
ERROR = struct.Struct("=i")  # the begin of struct nlmsgerr, and of the body of NLMSG_DONE
U8, U32, S32, U64 = struct.Struct("=B"), struct.Struct("=I"), struct.Struct("=i"), struct.Struct("=Q")
SEQUENCE_AT = 8
NLA_F_NESTED, NLA_TYPE_MASK = 0x8000, 0x3FFF
MAX_ERRNO = 4095

Data = memoryview | bytes
Message = tuple[int, int, int, int, int]  # type, flags, sequence, start and end of the body


class MalformedError(OSError, ValueError):
    """A message does not have the form of its type: nothing of it is used. The text names what was not understood."""


class InterruptedDumpError(OSError):
    """The kernel changed its table during the dump (NLM_F_DUMP_INTR): the result is not a consistent state."""


def message(kind: int, flags: int, body: bytes, sequence: int = 1) -> bytes:
    """Encode one request."""
    return HEADER.pack(HEADER.size + len(body), kind, NLM_F_REQUEST | flags, sequence, 0) + body


def attribute(kind: int, payload: bytes) -> bytes:
    """Encode one attribute, padded to four bytes."""
    length = ATTRIBUTE.size + len(payload)
    return ATTRIBUTE.pack(length, kind) + payload + bytes(-length % 4)


def messages(data: Data) -> Iterator[Message]:
    """Yield the messages of a datagram. MalformedError unless they fill it: one left out is a device that ended."""
    offset, size, unpack = 0, len(data), HEADER.unpack_from
    while offset < size:
        if offset + HEADER.size > size:
            raise MalformedError(f"a datagram of {size} bytes has no valid message at byte {offset}")
        length, kind, flags, sequence, _ = unpack(data, offset)
        end = offset + length
        if length < HEADER.size or end > size:
            raise MalformedError(f"a datagram of {size} bytes has no valid message at byte {offset}")
        yield kind, flags, sequence, offset + HEADER.size, end
        offset = (end + 3) & ~3


def attributes(
    data: Data, start: int = 0, end: int | None = None, wanted: frozenset[int] | None = None
) -> dict[int, bytes]:
    """Return type -> payload of the attributes between two offsets; of a repeated type the last.

    `wanted` limits the types. Raises MalformedError where they do not fill the space.
    """
    found: dict[int, bytes] = {}
    end = len(data) if end is None else end
    unpack, size = ATTRIBUTE.unpack_from, ATTRIBUTE.size
    while start < end:
        length, kind = unpack(data, start) if start + size <= end else (0, 0)
        if not size <= length <= end - start:
            raise MalformedError(f"attribute {kind & NLA_TYPE_MASK} has {length} bytes where {end - start} are left")
        kind &= NLA_TYPE_MASK
        if wanted is None or kind in wanted:
            found[kind] = bytes(data[start + size : start + length])
        start += (length + 3) & ~3
    return found


def walk(data: Data) -> Iterator[tuple[int, bytes]]:
    """Yield (type, payload) of attributes in their order: a list repeats one type. MalformedError as `attributes`."""
    offset, end = 0, len(data)
    while offset < end:
        length, kind = ATTRIBUTE.unpack_from(data, offset) if offset + ATTRIBUTE.size <= end else (0, 0)
        if not ATTRIBUTE.size <= length <= end - offset:
            raise MalformedError(f"attribute {kind & NLA_TYPE_MASK} has {length} bytes where {end - offset} are left")
        yield kind & NLA_TYPE_MASK, bytes(data[offset + ATTRIBUTE.size : offset + length])
        offset += (length + 3) & ~3


def head(form: struct.Struct, data: Data, start: int, end: int, what: str) -> tuple[Any, ...]:
    """Unpack the fixed begin of a body; MalformedError when the body is shorter."""
    if end - start < form.size:
        raise MalformedError(f"{what} of {end - start} bytes, of which the head alone has {form.size}")
    return form.unpack_from(data, start)


def number(form: struct.Struct, payload: bytes, what: str) -> int:
    """Unpack a payload that is one number; MalformedError for any other size: half a number is another."""
    if len(payload) != form.size:
        raise MalformedError(f"{what} of {len(payload)} bytes, not {form.size}")
    return int(form.unpack(payload)[0])


def address(payload: bytes) -> IPv4Address | IPv6Address:
    """Decode an address of either version; MalformedError for any other size."""
    try:
        return ip_address(payload)
    except ValueError:
        raise MalformedError(f"an address of {len(payload)} bytes") from None


def text(payload: Data) -> str:
    """Decode a string that ends with a NUL, or with the payload; a device's name may hold any bytes."""
    return bytes(payload).split(b"\0", 1)[0].decode("utf-8", "replace")


def raise_error(data: Data, start: int, end: int) -> None:
    """Raise the error that the body of NLMSG_ERROR or NLMSG_DONE holds, if any.

    A refused *dump* has its error number inside NLMSG_DONE: without this check it reads as an empty table.
    """
    if start == end and HEADER.unpack_from(data, start - HEADER.size)[1] == NLMSG_DONE:
        return
    (error,) = head(ERROR, data, start, end, "the end of an answer")
    if not -MAX_ERRNO <= error <= 0:
        raise MalformedError(f"an answer ends with {error}: expected an error number")
    if error:
        raise OSError(-error, os.strerror(-error))
