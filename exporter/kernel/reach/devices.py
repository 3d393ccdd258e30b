"""The devices of a namespace with their addresses, and what else decides whether they pass a packet.

Sources: linux/if_link.h, linux/if_addr.h. Needs no privilege inside the namespace.
"""

import socket
import struct
from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from exporter.core.reach.view import ORDINARY_TTL, Device
from exporter.kernel.links.fdb import IFLA_INFO_DATA
from exporter.kernel.links.links import IFINFOMSG, IFLA_INFO_KIND, IFLA_LINKINFO, dump_request, parse_link
from exporter.kernel.netlink.client import Answer, ask_again
from exporter.kernel.netlink.messages import U8, U32, Data, address, attributes, head, message, number, text
from exporter.kernel.netlink.numbers import NLM_F_DUMP, RTM_GETADDR, RTM_NEWADDR, RTM_NEWLINK
from exporter.kernel.reach.device_settings import (
    NEVER_FOR_SOME,
    answers_arp,
    arp_ignore,
    routes_loopback,
    sends_arp_requests,
)
from exporter.kernel.reach.time_to_live import read_hop_limit

IFLA_INFO_SLAVE_KIND, IFLA_INFO_SLAVE_DATA = 4, 5
IFLA_BRPORT_STATE, IFLA_BRPORT_LEARNING, IFLA_BRPORT_ISOLATED = 1, 8, 33
IFLA_BRPORT_UNICAST_FLOOD, IFLA_BRPORT_BCAST_FLOOD, IFLA_BRPORT_LOCKED = 9, 30, 39
IFLA_BR_VLAN_FILTERING = 7
IFF_NOARP = 1 << 7
IFLA_BR_NF_CALL = {4: 36, 6: 37}  # IP version -> IFLA_BR_NF_CALL_IPTABLES, IFLA_BR_NF_CALL_IP6TABLES
# A link has forty attributes, and so has a port: to keep only these halves the time.
ABOUT = frozenset({IFLA_LINKINFO})
PORT = frozenset({IFLA_BRPORT_STATE, IFLA_BRPORT_LEARNING, IFLA_BRPORT_ISOLATED})
FLOODS = frozenset({IFLA_BRPORT_LEARNING, IFLA_BRPORT_UNICAST_FLOOD, IFLA_BRPORT_BCAST_FLOOD, IFLA_BRPORT_LOCKED})
LOCKS = frozenset({IFLA_BRPORT_LOCKED})
SWITCHES = frozenset({IFLA_BR_VLAN_FILTERING, *IFLA_BR_NF_CALL.values()})
BRIDGE, MACVLANS = "bridge", frozenset({"macvlan", "macvtap"})
ABOUT_ITSELF = MACVLANS | {BRIDGE}
MODE = frozenset({1})  # IFLA_MACVLAN_MODE

IFADDRMSG = struct.Struct("=BBBBI")  # family, prefix length, flags, scope, ifindex
IFA_F_DADFAILED = 1 << 3
IFA_ADDRESS, IFA_LOCAL = 1, 2  # of a point-to-point device the former is the other end's

ADDRESSES = message(RTM_GETADDR, NLM_F_DUMP, IFADDRMSG.pack(0, 0, 0, 0, 0))


def read_devices(sock: socket.socket) -> dict[int, Device]:
    """Read the devices of the socket's namespace by ifindex. Raises OSError."""
    answers = ask_again(sock, ADDRESSES)
    addresses, duplicates = parse_addresses(answers), parse_duplicates(answers)
    links = ask_again(sock, dump_request())
    found = (parse_device(data, start, end, addresses) for kind, data, start, end in links if kind == RTM_NEWLINK)
    every, loopback = arp_ignore("all"), routes_loopback("all")
    return {
        device.link.ifindex: replace(
            device,
            requests_arp=sends_arp_requests(device.link.name),
            answers=every < NEVER_FOR_SOME and (not _has_ipv4(device) or answers_arp(device.link.name)),
            routes_loopback=loopback or device.link.kind != BRIDGE or routes_loopback(device.link.name),
            own_only=bool(every or arp_ignore(device.link.name)),
            duplicates=duplicates.get(device.link.ifindex, frozenset()),
            hop_limit=read_hop_limit(device.link.name) if any(":" in one for one in device.addresses) else ORDINARY_TTL,
        )
        for device in found
        if device is not None
    }


def _has_ipv4(device: Device) -> bool:
    return any(":" not in address for address in device.addresses)


def parse_addresses(answers: Iterable[Answer]) -> dict[int, tuple[str, ...]]:
    """Return ifindex -> its own addresses of all scopes. MalformedError for another form."""
    found: dict[int, tuple[str, ...]] = {}
    for kind, data, start, end in answers:
        if kind != RTM_NEWADDR:
            continue
        *_, ifindex = head(IFADDRMSG, data, start, end, "an address")
        known = attributes(data, start + IFADDRMSG.size, end)
        own = known.get(IFA_LOCAL) or known.get(IFA_ADDRESS)
        if own:
            found[ifindex] = (*found.get(ifindex, ()), str(address(own)))
    return found


def parse_duplicates(answers: Iterable[Answer]) -> dict[int, frozenset[str]]:
    """Return ifindex -> the IPv6 addresses that failed duplicate address detection. MalformedError for another form."""
    found: dict[int, frozenset[str]] = {}
    for kind, data, start, end in answers:
        if kind == RTM_NEWADDR:
            _, _, flags, _, ifindex = head(IFADDRMSG, data, start, end, "an address")
            own = attributes(data, start + IFADDRMSG.size, end).get(IFA_ADDRESS)
            if own and flags & IFA_F_DADFAILED:
                found[ifindex] = found.get(ifindex, frozenset()) | {str(address(own))}
    return found


def parse_device(
    data: Data,
    start: int,
    end: int,
    addresses: Mapping[int, tuple[str, ...]],
) -> Device | None:
    """Parse the body of an RTM_NEWLINK; None for a partial message. MalformedError for another form."""
    parsed = parse_link(RTM_NEWLINK, data, start, end)
    if parsed is None:
        return None
    decides = parsed.link.master_ifindex or parsed.link.kind in ABOUT_ITSELF
    found = attributes(data, start + IFINFOMSG.size, end, ABOUT) if decides else {}
    about = attributes(found.get(IFLA_LINKINFO, b""))
    port_state, learning, isolated = _parse_port(about)
    switches = _parse_switches(about)
    flags = head(IFINFOMSG, data, start, end, "a link message")[4]
    return Device(
        link=parsed.link,
        addresses=addresses.get(parsed.link.ifindex, ()),
        port_state=port_state,
        isolated=isolated,
        filters=frozenset(version for version, kind in IFLA_BR_NF_CALL.items() if kind in switches),
        vlans=IFLA_BR_VLAN_FILTERING in switches,
        withheld=_parse_withheld(about),
        locked=_parse_locked(about),
        arp=not flags & IFF_NOARP,
        learning=learning,
        mode=_parse_mode(about),
    )


def _parse_port(about: Mapping[int, bytes]) -> tuple[int | None, bool | None, bool | None]:
    """Return state, learning and isolation of a bridge's port; for a port of another kind the numbers mean others."""
    if text(about.get(IFLA_INFO_SLAVE_KIND, b"")) != BRIDGE:
        return None, None, None
    port = attributes(about.get(IFLA_INFO_SLAVE_DATA, b""), wanted=PORT)
    state = port.get(IFLA_BRPORT_STATE)
    switches = (port.get(IFLA_BRPORT_LEARNING), port.get(IFLA_BRPORT_ISOLATED))
    learning, isolated = (None if one is None else bool(number(U8, one, "a port's switch")) for one in switches)
    return None if state is None else number(U8, state, "a port's state"), learning, isolated


def _parse_locked(about: Mapping[int, bytes]) -> bool:
    if text(about.get(IFLA_INFO_SLAVE_KIND, b"")) != BRIDGE:
        return False
    port = attributes(about.get(IFLA_INFO_SLAVE_DATA, b""), wanted=LOCKS)
    return any(number(U8, value, "a port's switch") for value in port.values())


def _parse_mode(about: Mapping[int, bytes]) -> int | None:
    if text(about.get(IFLA_INFO_KIND, b"")) not in MACVLANS:
        return None
    found = attributes(about.get(IFLA_INFO_DATA, b""), wanted=MODE)
    return next((number(U32, value, "a macvlan's mode") for value in found.values()), None)


def _parse_withheld(about: Mapping[int, bytes]) -> str:
    """Return which frames the bridge does not send to the port. An older kernel has not all switches."""
    if text(about.get(IFLA_INFO_SLAVE_KIND, b"")) != BRIDGE:
        return ""
    port = attributes(about.get(IFLA_INFO_SLAVE_DATA, b""), wanted=FLOODS)
    switches = {kind: bool(number(U8, value, "a port's switch")) for kind, value in port.items()}
    if not switches.get(IFLA_BRPORT_BCAST_FLOOD, True):
        return "broadcasts"
    learned = switches.get(IFLA_BRPORT_LEARNING, True) and not switches.get(IFLA_BRPORT_LOCKED, False)
    return (
        ""
        if learned or switches.get(IFLA_BRPORT_UNICAST_FLOOD, True)
        else "frames to addresses that it has not learned"
    )


def _parse_switches(about: Mapping[int, bytes]) -> frozenset[int]:
    """Return which switches of a bridge are on; none of another device."""
    if text(about.get(IFLA_INFO_KIND, b"")) != BRIDGE:
        return frozenset()
    switches = attributes(about.get(IFLA_INFO_DATA, b""), wanted=SWITCHES)
    return frozenset(kind for kind, value in switches.items() if number(U8, value, "a bridge's switch"))
