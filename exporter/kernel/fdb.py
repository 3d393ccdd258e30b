"""Forwarding tables: the MAC addresses that bridges have learned, and where an overlay's vxlan device sends.

RTM_GETNEIGH of AF_BRIDGE, decoded here: pyroute2 takes sixty times as long. A thousand ports take 10 ms even so, and
the kernel's lock on all devices is held for much of them. Sources: linux/neighbour.h, linux/if_link.h,
net/bridge/br_fdb.c, drivers/net/vxlan/vxlan_core.c.
"""

import contextlib
import ctypes
import errno
import os
import socket
import struct
import threading
from collections import Counter
from collections.abc import Iterable
from ipaddress import ip_address
from pathlib import Path

from pyroute2.netlink.rtnl import RTM_GETNEIGH, RTM_NEWNEIGH

from exporter.errors import SourceError
from exporter.kernel.links import IFINFOMSG, IFLA_INFO_KIND, IFLA_LINKINFO
from exporter.kernel.rtnetlink import (
    NLM_F_DUMP,
    RTM_GETLINK,
    RTM_NEWLINK,
    ask_again,
    attribute,
    attributes,
    message,
    open_socket,
)

NDMSG = struct.Struct("=BBHiHBB")  # family, two of padding, ifindex, state, flags, type
U32 = struct.Struct("=I")
AF_BRIDGE = 7
NDA_DST, NDA_LLADDR, NDA_MASTER = 1, 2, 9
NUD_NOARP, NUD_PERMANENT = 0x40, 0x80  # a bridge's words for: somebody put it there, it is an own address
NOT_LEARNED = NUD_NOARP | NUD_PERMANENT
IFLA_INFO_DATA = 2
IFLA_BR_FDB_N_LEARNED = 48
CLONE_NEWNET = 0x40000000

BRIDGES = message(
    RTM_GETLINK,
    NLM_F_DUMP,
    IFINFOMSG.pack(0, 0, 0, 0, 0, 0) + attribute(IFLA_LINKINFO, attribute(IFLA_INFO_KIND, b"bridge\0")),
)
TABLES = message(RTM_GETNEIGH, NLM_F_DUMP, NDMSG.pack(AF_BRIDGE, 0, 0, 0, 0, 0, 0))

Row = tuple[memoryview, int, int]  # a datagram, start and end in it of the body of an RTM_NEWNEIGH


def read_learned(sock: socket.socket) -> dict[int, int]:
    """Return the ifindex of each bridge in the socket's namespace -> how many addresses it has learned.

    Linux 6.7 and later count them; before, the tables are read, and a bridge without learned ones is not among them.
    """
    counts = read_learned_counts(sock)
    return parse_learned(_read(sock)) if counts is None else counts


def read_learned_counts(sock: socket.socket) -> dict[int, int] | None:
    """Read the kernel's own counts; None where it keeps none."""
    found = {}
    for kind, data, start, end in ask_again(sock, BRIDGES):
        if kind == RTM_NEWLINK:
            count = parse_learned_count(data, start, end)
            if count is None:
                return None
            found[IFINFOMSG.unpack_from(data, start)[3]] = count
    return found


def parse_learned_count(data: memoryview | bytes, start: int, end: int) -> int | None:
    """Parse what an RTM_NEWLINK tells of a bridge's table: IFLA_BR_FDB_N_LEARNED of its IFLA_INFO_DATA."""
    about = attributes(data, start + IFINFOMSG.size, end).get(IFLA_LINKINFO, b"")
    settings = attributes(about, 0, len(about)).get(IFLA_INFO_DATA, b"")
    count = attributes(settings, 0, len(settings)).get(IFLA_BR_FDB_N_LEARNED)
    return None if count is None else int(U32.unpack(count)[0])


def parse_learned(rows: Iterable[Row]) -> dict[int, int]:
    """Count what bridges have learned themselves; of any other row with a bridge (NDA_MASTER) the state says so.

    Most rows are devices' own addresses, permanent ones: they are not looked into any further.
    """
    found: Counter[int] = Counter()
    for data, start, end in rows:
        *_, state, _, _ = NDMSG.unpack_from(data, start)
        if not state & NOT_LEARNED:
            master = attributes(data, start + NDMSG.size, end).get(NDA_MASTER)
            if master is not None:
                found[U32.unpack(master)[0]] += 1
    return dict(found)


def parse_peers(rows: Iterable[Row]) -> list[tuple[str, str]]:
    """Return each MAC address with that of the node behind which it is (VTEP). A multicast group is no node."""
    found = []
    for data, start, end in rows:
        known = attributes(data, start + NDMSG.size, end)
        if NDA_DST in known:
            node = ip_address(known[NDA_DST])
            if not node.is_multicast:
                found.append((known.get(NDA_LLADDR, b"").hex(":"), str(node)))
    return found


def read_overlay_peers(netns_file: Path) -> list[tuple[str, str]] | None:
    """Read the table of an overlay's vxlan device in its hidden namespace: MAC address and the node's address.

    None when the overlay has no endpoint on this node (any more). Raises SourceError without CAP_SYS_ADMIN. By a
    thread that goes there and ends: a socket that stays open would keep the namespace alive.
    """
    answer: list[list[tuple[str, str]] | None] = []
    failure: list[OSError | SourceError] = []

    def look() -> None:
        try:
            answer.append(_read_peers_inside(netns_file))
        except (OSError, SourceError) as error:
            failure.append(error)

    thread = threading.Thread(target=look, name="overlay", daemon=True)
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return answer[0]


def _read_peers_inside(netns_file: Path) -> list[tuple[str, str]] | None:
    """Move the calling thread to another namespace, and read there."""
    try:
        _enter(netns_file)
    except PermissionError as error:
        raise SourceError("no_sys_admin", f"{netns_file} cannot be entered: {error.strerror}") from error
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.EINVAL):  # EINVAL: the file stays a minute after its namespace has gone
            return None
        raise
    with contextlib.closing(open_socket()) as sock:
        return parse_peers(_read(sock))


def _enter(netns_file: Path) -> None:
    descriptor = os.open(netns_file, os.O_RDONLY | os.O_CLOEXEC)
    try:
        libc = ctypes.CDLL(None, use_errno=True)  # os.setns is there from Python 3.12 on
        if libc.setns(descriptor, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    finally:
        os.close(descriptor)


def _read(sock: socket.socket) -> list[Row]:
    return [(data, start, end) for kind, data, start, end in ask_again(sock, TABLES) if kind == RTM_NEWNEIGH]
