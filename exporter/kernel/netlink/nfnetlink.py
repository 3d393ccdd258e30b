"""Netfilter's netlink: sockets, message heads, attributes in network byte order (linux/netfilter/nfnetlink.h)."""

import socket
import struct
from collections.abc import Iterator

from exporter.kernel.netlink.rtnetlink import (
    ATTRIBUTE,
    NLA_TYPE_MASK,
)

NETLINK_NETFILTER = 12


NFGENMSG = struct.Struct(">BBH")  # family, version, res_id: the low half of the generation


DATAGRAM = 1 << 17


def open_socket(timeout: float = 2.0) -> socket.socket:
    """Open a netfilter socket in the calling thread's network namespace."""
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, NETLINK_NETFILTER)
    sock.bind((0, 0))
    sock.settimeout(timeout)
    return sock


def walk(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Walk attributes in their order: (type, payload). A list repeats one type.

    Raises ValueError where they do not fill the data: what is left out of a rule would make it look like another.
    """
    offset, end = 0, len(data)
    while offset < end:
        if offset + ATTRIBUTE.size > end:
            raise ValueError("half an attribute")
        length, kind = ATTRIBUTE.unpack_from(data, offset)
        if not ATTRIBUTE.size <= length <= end - offset:
            raise ValueError("an attribute of impossible length")
        yield kind & NLA_TYPE_MASK, data[offset + ATTRIBUTE.size : offset + length]
        offset += (length + 3) & ~3


def attributes(data: bytes) -> dict[int, bytes]:
    """Collect attributes by type; ValueError also for one that is there twice."""
    found: dict[int, bytes] = {}
    for kind, payload in walk(data):
        if kind in found:
            raise ValueError("an attribute twice")
        found[kind] = payload
    return found


def number(data: bytes) -> int:
    """Read an unsigned number in network byte order."""
    return int.from_bytes(data, "big")


def text(data: bytes) -> str:
    """Read a string that ends with a NUL, or with the data."""
    return data.split(b"\0", 1)[0].decode(errors="replace")
