"""Forwarding tables: the MAC addresses that bridges have learned, and where an overlay's vxlan device sends.

RTM_GETNEIGH of AF_BRIDGE, decoded here: pyroute2 takes sixty times as long. Sources: linux/neighbour.h,
net/bridge/br_fdb.c, drivers/net/vxlan/vxlan_core.c.
"""

import contextlib
import ctypes
import os
import socket
import struct
import threading
from collections import Counter
from collections.abc import Iterable
from ipaddress import ip_address
from pathlib import Path, PurePosixPath

from pyroute2.netlink.rtnl import RTM_GETNEIGH, RTM_NEWNEIGH

from exporter.errors import SourceError
from exporter.kernel.rtnetlink import NLM_F_DUMP, ask_again, attributes, message, open_socket

NDMSG = struct.Struct("=BBHiHBB")  # family, two of padding, ifindex, state, flags, type
U32 = struct.Struct("=I")
AF_BRIDGE = 7
NDA_DST, NDA_LLADDR, NDA_MASTER = 1, 2, 9
NUD_NOARP, NUD_PERMANENT = 0x40, 0x80  # a bridge's words for: somebody put it there, it is an own address
NOT_LEARNED = NUD_NOARP | NUD_PERMANENT
NTF_SELF = 0x02
CLONE_NEWNET = 0x40000000
NETWORK_ID_LENGTH = 10

REQUEST = message(RTM_GETNEIGH, NLM_F_DUMP, NDMSG.pack(AF_BRIDGE, 0, 0, 0, 0, 0, 0))

Row = tuple[memoryview, int, int]  # a datagram, start and end in it of the body of an RTM_NEWNEIGH


def read_learned(sock: socket.socket) -> dict[int, int]:
    """Dump the socket's namespace; return the ifindex of each bridge that has learned addresses -> how many."""
    return parse_learned(_read(sock))


def parse_learned(rows: Iterable[Row]) -> dict[int, int]:
    """Count what bridges have learned themselves. Most rows are devices' own addresses: their heads say so."""
    found: Counter[int] = Counter()
    for data, start, end in rows:
        *_, state, flags, _ = NDMSG.unpack_from(data, start)
        if not (state & NOT_LEARNED or flags & NTF_SELF):
            master = attributes(data, start + NDMSG.size, end).get(NDA_MASTER)
            if master is not None:
                found[U32.unpack(master)[0]] += 1
    return dict(found)


def parse_peers(rows: Iterable[Row]) -> dict[str, str]:
    """Return MAC address -> the address of the node behind which it is (VTEP). A multicast group is no node."""
    found = {}
    for data, start, end in rows:
        known = attributes(data, start + NDMSG.size, end)
        if NDA_DST in known:
            node = ip_address(known[NDA_DST])
            if not node.is_multicast:
                found[known.get(NDA_LLADDR, b"").hex(":")] = str(node)
    return found


def overlay_namespace(sandbox_key: str, network_id: str) -> Path:
    """Where the engine keeps the hidden namespace of an overlay: beside the sandboxes of its containers."""
    return Path(PurePosixPath(sandbox_key).with_name(f"1-{network_id[:NETWORK_ID_LENGTH]}"))


def read_overlay_peers(netns_file: Path) -> dict[str, str]:
    """Read the table of an overlay's vxlan device in its hidden namespace: MAC address -> the node's address.

    By a thread that goes there and ends: a socket that stays open would keep the namespace alive. Raises SourceError
    without CAP_SYS_ADMIN, FileNotFoundError when the overlay has no endpoint on this node (any more).
    """
    answer: list[dict[str, str]] = []
    failure: list[Exception] = []

    def look() -> None:
        try:
            _enter(netns_file)
            with contextlib.closing(open_socket()) as sock:
                answer.append(parse_peers(_read(sock)))
        except (OSError, SourceError) as error:
            failure.append(error)

    thread = threading.Thread(target=look, name="overlay", daemon=True)
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return answer[0]


def _enter(netns_file: Path) -> None:
    """Put the calling thread into a network namespace."""
    descriptor = os.open(netns_file, os.O_RDONLY | os.O_CLOEXEC)
    try:
        libc = ctypes.CDLL(None, use_errno=True)  # os.setns is there from Python 3.12 on
        if libc.setns(descriptor, CLONE_NEWNET):
            error = OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
            if isinstance(error, PermissionError):
                raise SourceError("no_sys_admin", f"entering {netns_file}: {error.strerror}") from error
            raise error
    finally:
        os.close(descriptor)


def _read(sock: socket.socket) -> list[Row]:
    return [(data, start, end) for kind, data, start, end in ask_again(sock, REQUEST) if kind == RTM_NEWNEIGH]
