"""Neighbour entries (linux/neighbour.h): the kernel verifies those that it learned, and not the permanent ones."""

import socket
from collections.abc import Iterable

from exporter.core.reach.view import Neighbour
from exporter.kernel.links.fdb import (
    NDA_DST,
    NDA_LLADDR,
    NDA_MASTER,
    NDMSG,
    NOT_LEARNED,
    NUD_PERMANENT,
    TABLES,
    Row,
    read_rows,
)
from exporter.kernel.netlink.messages import address, attributes, head, message
from exporter.kernel.netlink.numbers import NLM_F_DUMP, RTM_GETNEIGH
from exporter.kernel.netlink.protocols import ADDRESS_SIZES

AF_UNSPEC, AF_BRIDGE = 0, 7
LEARNED = 0x02 | 0x04 | 0x08 | 0x10  # NUD_REACHABLE, NUD_STALE, NUD_DELAY, NUD_PROBE
NEIGHBOURS = message(RTM_GETNEIGH, NLM_F_DUMP, NDMSG.pack(AF_UNSPEC, 0, 0, 0, 0, 0, 0))


def read_known_neighbours(sock: socket.socket) -> tuple[Neighbour, ...]:
    """Read those of the socket's namespace. Raises OSError."""
    return parse_known_neighbours([*read_rows(sock, NEIGHBOURS), *read_rows(sock, TABLES)])


def parse_known_neighbours(rows: Iterable[Row]) -> tuple[Neighbour, ...]:
    """Parse bodies of RTM_NEWNEIGH; MalformedError for another form."""
    found = []
    for data, start, end in rows:
        family, _, _, ifindex, state, _, _ = head(NDMSG, data, start, end, "a neighbour")
        if not state & (NOT_LEARNED if family == AF_BRIDGE else NUD_PERMANENT | LEARNED):
            continue
        known = attributes(data, start + NDMSG.size, end)
        mac_address = known.get(NDA_LLADDR, b"").hex(":")
        if family == AF_BRIDGE and NDA_MASTER in known:
            found.append(Neighbour(ifindex, "", mac_address, local=bool(state & NUD_PERMANENT)))
        elif family in ADDRESS_SIZES and NDA_DST in known:
            learned = not state & NUD_PERMANENT
            found.append(Neighbour(ifindex, str(address(known[NDA_DST])), mac_address, learned))
    return tuple(found)
