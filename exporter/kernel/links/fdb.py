"""Forwarding tables: the MAC addresses that bridges have learned.

RTM_GETNEIGH of AF_BRIDGE, decoded here: pyroute2 takes sixty times as long. A thousand ports take 10 ms, for most of
which the kernel holds RTNL. Sources: linux/neighbour.h, linux/if_link.h,
net/bridge/br_fdb.c.
"""

import socket
import struct
import time
from collections import Counter
from collections.abc import Iterable, Mapping

from exporter.kernel.links.links import IFINFOMSG, IFLA_INFO_KIND, IFLA_LINKINFO, dump_request
from exporter.kernel.netlink.client import ask_again
from exporter.kernel.netlink.messages import U32, Data, attribute, attributes, head, message, number
from exporter.kernel.netlink.numbers import NLM_F_DUMP, RTM_GETNEIGH, RTM_NEWLINK, RTM_NEWNEIGH

NDMSG = struct.Struct("=BBHiHBB")  # family, two of padding, ifindex, state, flags, type
AF_BRIDGE = 7
NDA_DST, NDA_LLADDR, NDA_MASTER = 1, 2, 9
NUD_NOARP, NUD_PERMANENT = 0x40, 0x80  # for a bridge: a static entry, an address of its own
NOT_LEARNED = NUD_NOARP | NUD_PERMANENT
IFLA_INFO_DATA = 2
IFLA_BR_FDB_N_LEARNED = 48
LINKINFO, INFO_DATA, N_LEARNED = map(frozenset, ((IFLA_LINKINFO,), (IFLA_INFO_DATA,), (IFLA_BR_FDB_N_LEARNED,)))
# Seconds. Reading the forwarding tables of a thousand ports holds RTNL for tens of ms.
TABLES_INTERVAL = 10.0

Row = tuple[Data, int, int]  # a datagram, start and end in it of the body of an RTM_NEWNEIGH


def links_of_kind(kind: bytes) -> bytes:
    """Encode the request for all devices of a kind; its name ends with a NUL."""
    return dump_request(attribute(IFLA_LINKINFO, attribute(IFLA_INFO_KIND, kind)))


BRIDGES = links_of_kind(b"bridge\0")
TABLES = message(RTM_GETNEIGH, NLM_F_DUMP, NDMSG.pack(AF_BRIDGE, 0, 0, 0, 0, 0, 0))


class LearnedSource:
    """How many addresses each bridge has learned, in the network namespace of the rtnetlink socket."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._learned: Mapping[int, int] = {}
        self._tables_due = 0.0

    def start(self) -> None:
        """Do nothing: there is no thread."""

    def stop(self) -> None:
        """Close the socket."""
        self._socket.close()

    def read(self) -> Mapping[int, int]:
        """Return ifindex -> count, by the kernel's counts; before Linux 6.7, which has none, by the tables, every 10 s.

        By the tables, a bridge without learned addresses is absent.
        """
        counts = read_learned_counts(self._socket)
        if counts is not None:
            return counts
        if time.monotonic() >= self._tables_due:
            self._learned = parse_learned(read_tables(self._socket))
            self._tables_due = time.monotonic() + TABLES_INTERVAL
        return self._learned


def read_learned_counts(sock: socket.socket) -> dict[int, int] | None:
    """Read the kernel's own counts; None where it keeps none."""
    found = {}
    for kind, data, start, end in ask_again(sock, BRIDGES):
        if kind == RTM_NEWLINK:
            count = parse_learned_count(data, start, end)
            if count is None:
                return None
            found[head(IFINFOMSG, data, start, end, "a bridge")[3]] = count
    return found


def parse_learned_count(data: Data, start: int, end: int) -> int | None:
    """Parse IFLA_BR_FDB_N_LEARNED of the IFLA_INFO_DATA of an RTM_NEWLINK; None where it is absent."""
    about = attributes(data, start + IFINFOMSG.size, end, LINKINFO).get(IFLA_LINKINFO, b"")
    settings = attributes(about, wanted=INFO_DATA).get(IFLA_INFO_DATA, b"")
    count = attributes(settings, wanted=N_LEARNED).get(IFLA_BR_FDB_N_LEARNED)
    return None if count is None else number(U32, count, "a bridge's count")


def parse_learned(rows: Iterable[Row]) -> dict[int, int]:
    """Count learned addresses by bridge (NDA_MASTER); the state marks rows that are not learned.

    Most rows are devices' own addresses, which are permanent: their attributes are not parsed.
    """
    found: Counter[int] = Counter()
    for data, start, end in rows:
        *_, state, _, _ = head(NDMSG, data, start, end, "a row of a forwarding table")
        if not state & NOT_LEARNED:
            master = attributes(data, start + NDMSG.size, end).get(NDA_MASTER)
            if master is not None:
                found[number(U32, master, "a row's bridge")] += 1
    return dict(found)


def read_tables(sock: socket.socket) -> list[Row]:
    """Read the tables of all devices in the socket's namespace, of bridges and of vxlan devices."""
    return read_rows(sock, TABLES)


def read_rows(sock: socket.socket, request: bytes) -> list[Row]:
    """Return the rows of a dump of RTM_GETNEIGH."""
    return [(data, start, end) for kind, data, start, end in ask_again(sock, request) if kind == RTM_NEWNEIGH]
