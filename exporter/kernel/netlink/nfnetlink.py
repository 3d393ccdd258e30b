"""Netfilter's netlink: message heads, attributes in network byte order (linux/netfilter/nfnetlink.h)."""

import socket
import struct

from exporter.kernel.netlink import client
from exporter.kernel.netlink.messages import MalformedError, walk

NFGENMSG = struct.Struct(">BBH")  # family, version, res_id: the low half of the generation


def open_socket(timeout: float = 2.0) -> socket.socket:
    """Open a netfilter socket in the calling thread's network namespace; its receives time out after whole seconds."""
    return client.open_socket(client.NETLINK_NETFILTER, timeout=timeout, kernel_timeout=True)


def attributes(data: bytes) -> dict[int, bytes]:
    """Return attributes by type; MalformedError also for a repeated one: the other half of a rule would be lost."""
    found: dict[int, bytes] = {}
    for kind, payload in walk(data):
        if kind in found:
            raise MalformedError(f"attribute {kind} twice")
        found[kind] = payload
    return found


def number(data: bytes) -> int:
    """Read an unsigned number in network byte order."""
    return int.from_bytes(data, "big")
