"""An overlay's hidden namespace: the neighbours of its vxlan devices, and the nodes behind which they are.

Sources: linux/neighbour.h, include/net/neighbour.h, drivers/net/vxlan/vxlan_core.c.
"""

import contextlib
import socket
from collections.abc import Collection, Iterable
from pathlib import Path

from exporter.core.topology.overlay import OverlayRows
from exporter.kernel.links.fdb import NDA_DST, NDA_LLADDR, NDMSG, Row, links_of_kind, read_rows, read_tables
from exporter.kernel.links.links import IFINFOMSG
from exporter.kernel.namespaces.hidden import read_hidden
from exporter.kernel.netlink.client import ask_again, open_socket
from exporter.kernel.netlink.messages import address, attributes, head, message
from exporter.kernel.netlink.numbers import NLM_F_DUMP, RTM_GETNEIGH, RTM_NEWLINK

AF_UNSPEC = 0
NUD_CONNECTED = 0x80 | 0x40 | 0x02  # permanent, no ARP, reachable: with these alone a vxlan device answers itself

VXLANS = links_of_kind(b"vxlan\0")
NEIGHBOURS = message(RTM_GETNEIGH, NLM_F_DUMP, NDMSG.pack(AF_UNSPEC, 0, 0, 0, 0, 0, 0))


def read_overlay(netns_file: Path) -> OverlayRows | None:
    """Read the tables of an overlay's vxlan devices in its hidden namespace.

    None when the overlay has no endpoint on this node (any more). Raises SourceError as `read_hidden` does.
    """
    return read_hidden(netns_file, _read_here)


def _read_here() -> OverlayRows:
    with contextlib.closing(open_socket()) as sock:
        vxlans = _read_vxlans(sock)
        return OverlayRows(parse_neighbours(read_rows(sock, NEIGHBOURS), vxlans), parse_nodes(read_tables(sock)))


def _read_vxlans(sock: socket.socket) -> frozenset[int]:
    """Return the ifindex of each: an overlay has one for each of its subnets."""
    answers = ask_again(sock, VXLANS)
    return frozenset(
        head(IFINFOMSG, data, start, end, "a vxlan device")[3]
        for kind, data, start, end in answers
        if kind == RTM_NEWLINK
    )


def parse_neighbours(rows: Iterable[Row], devices: Collection[int]) -> dict[str, str]:
    """Return each IP address with the MAC address that one of the devices answers for it."""
    found = {}
    for data, start, end in rows:
        _, _, _, ifindex, state, _, _ = head(NDMSG, data, start, end, "a neighbour")
        known = attributes(data, start + NDMSG.size, end)
        if ifindex in devices and state & NUD_CONNECTED and NDA_DST in known:
            found[str(address(known[NDA_DST]))] = known.get(NDA_LLADDR, b"").hex(":")
    return found


def parse_nodes(rows: Iterable[Row]) -> frozenset[tuple[str, str]]:
    """Return each MAC address with that of the node behind which it is (VTEP). Multicast groups are skipped."""
    found = set()
    for data, start, end in rows:
        head(NDMSG, data, start, end, "a row of a vxlan device")
        known = attributes(data, start + NDMSG.size, end)
        if NDA_DST in known and not (node := address(known[NDA_DST])).is_multicast:
            found.add((known.get(NDA_LLADDR, b"").hex(":"), str(node)))
    return frozenset(found)
