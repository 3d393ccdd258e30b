"""Network devices: RTM_NEWLINK and RTM_DELLINK, of dumps and of notifications.

A link message holds about forty attributes; twelve of them matter here. Source: linux/if_link.h.
"""

import socket
import struct

from msgspec import Struct

from exporter.core.model.docker import Interface, Link
from exporter.core.model.kernel_sample import StatsRow
from exporter.kernel.netlink.client import MAX_ANSWER, MAX_INSIDE, ask_again
from exporter.kernel.netlink.messages import (
    S32,
    U32,
    Data,
    MalformedError,
    attribute,
    attributes,
    head,
    message,
    text,
)
from exporter.kernel.netlink.numbers import NLM_F_DUMP, RTM_DELLINK, RTM_GETLINK, RTM_NEWLINK

IFLA_ADDRESS, IFLA_IFNAME, IFLA_MTU, IFLA_LINK, IFLA_MASTER = 1, 3, 4, 5, 10
IFLA_LINKINFO, IFLA_STATS64, IFLA_GROUP, IFLA_EXT_MASK, IFLA_LINK_NETNSID = 18, 23, 27, 29, 37
IFLA_NEW_NETNSID, IFLA_TARGET_NETNSID = 45, 46
IFLA_INFO_KIND = 1
RTEXT_FILTER_SKIP_STATS = 1 << 3
AF_UNSPEC = 0
IFF_UP, IFF_LOWER_UP = 1 << 0, 1 << 16

IFINFOMSG = struct.Struct("=BBHiII")  # family, pad, device type, ifindex, flags, change
STATS64 = struct.Struct("=8Q")  # the first eight of rtnl_link_stats64, in the order of a StatsRow

WANTED = frozenset(
    {
        IFLA_ADDRESS,
        IFLA_IFNAME,
        IFLA_MTU,
        IFLA_LINK,
        IFLA_MASTER,
        IFLA_LINKINFO,
        IFLA_STATS64,
        IFLA_GROUP,
        IFLA_LINK_NETNSID,
        IFLA_NEW_NETNSID,
    }
)


class LinkMessage(Struct, frozen=True):
    """One message about a link. `moved`: it moved to another namespace and was not deleted."""

    link: Link
    deleted: bool
    moved: bool
    stats: StatsRow | None


def parse_link(kind: int, data: Data, start: int, end: int) -> LinkMessage | None:
    """Parse the body of an RTM_NEWLINK or RTM_DELLINK; MalformedError for what is none.

    None for partial messages: the bridge's copies (AF_BRIDGE), and a wireless device's events, which are an RTM_NEWLINK
    with a name only (net/wireless/wext-core.c).
    """
    family, _, _, ifindex, flags, _ = head(IFINFOMSG, data, start, end, "a link message")
    if family != AF_UNSPEC:
        return None
    found = attributes(data, start + IFINFOMSG.size, end, WANTED)
    if IFLA_IFNAME not in found:
        raise MalformedError(f"a link message of ifindex {ifindex} without a name")
    if kind == RTM_NEWLINK and IFLA_MTU not in found:
        return None
    stats = found.get(IFLA_STATS64)
    try:
        return LinkMessage(
            link=_link(ifindex, flags, found),
            deleted=kind == RTM_DELLINK,
            moved=kind == RTM_DELLINK and IFLA_NEW_NETNSID in found,
            stats=None if stats is None else (ifindex, *STATS64.unpack_from(stats)),
        )
    except struct.error as error:
        raise MalformedError(f"a number of another size in a link message of ifindex {ifindex}: {error}") from error


def _link(ifindex: int, flags: int, found: dict[int, bytes]) -> Link:
    return Link(
        ifindex=ifindex,
        name=text(found.get(IFLA_IFNAME, b"")),
        kind=_kind(found.get(IFLA_LINKINFO)),
        mac_address=found.get(IFLA_ADDRESS, b"").hex(":"),
        mtu=U32.unpack(found[IFLA_MTU])[0] if IFLA_MTU in found else 0,
        master_ifindex=U32.unpack(found[IFLA_MASTER])[0] if IFLA_MASTER in found else 0,
        peer_ifindex=U32.unpack(found[IFLA_LINK])[0] if IFLA_LINK in found else 0,
        peer_nsid=S32.unpack(found[IFLA_LINK_NETNSID])[0] if IFLA_LINK_NETNSID in found else None,
        carrier=bool(flags & IFF_LOWER_UP),
        up=bool(flags & IFF_UP),
        group=U32.unpack(found[IFLA_GROUP])[0] if IFLA_GROUP in found else 0,
    )


def _kind(linkinfo: bytes | None) -> str:
    if linkinfo is None:
        return ""
    return text(attributes(linkinfo).get(IFLA_INFO_KIND, b""))


def dump_request(*extra: bytes) -> bytes:
    """Encode the request for all devices, without counters where the kernel can leave them out."""
    body = IFINFOMSG.pack(0, 0, 0, 0, 0, 0) + attribute(IFLA_EXT_MASK, U32.pack(RTEXT_FILTER_SKIP_STATS))
    return message(RTM_GETLINK, NLM_F_DUMP, body + b"".join(extra))


def read_links(sock: socket.socket) -> list[LinkMessage]:
    """Dump the devices of the socket's namespace; some kernels include counters. Needs no privilege."""
    return _read(sock, dump_request())


def read_link(sock: socket.socket, ifindex: int) -> list[LinkMessage]:
    """Read one device with its counters; OSError when it is gone."""
    return _read(sock, message(RTM_GETLINK, 0, IFINFOMSG.pack(0, 0, 0, ifindex, 0, 0)))


def read_interfaces(sock: socket.socket, nsid: int) -> tuple[Interface, ...]:
    """Dump the devices of another namespace without entering it; PermissionError without CAP_NET_ADMIN.

    EMSGSIZE for more than MAX_INSIDE: see `answers`.
    """
    found = _read(sock, dump_request(attribute(IFLA_TARGET_NETNSID, S32.pack(nsid))), MAX_INSIDE)
    return tuple(Interface(m.link.ifindex, m.link.name, m.link.mac_address, m.link.kind) for m in found)


def read_interface_stats(sock: socket.socket, nsid: int) -> dict[str, StatsRow]:
    """Dump the counters of another namespace's devices by name; raises as `read_interfaces` does."""
    body = IFINFOMSG.pack(0, 0, 0, 0, 0, 0) + attribute(IFLA_TARGET_NETNSID, S32.pack(nsid))
    found = _read(sock, message(RTM_GETLINK, NLM_F_DUMP, body), MAX_INSIDE)
    return {m.link.name: m.stats for m in found if m.stats is not None}


def _read(sock: socket.socket, request: bytes, max_bytes: int = MAX_ANSWER) -> list[LinkMessage]:
    return [
        parsed
        for kind, data, start, end in ask_again(sock, request, max_bytes)
        if kind == RTM_NEWLINK and (parsed := parse_link(kind, data, start, end)) is not None
    ]
