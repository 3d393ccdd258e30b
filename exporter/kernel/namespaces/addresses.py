"""Addresses inside another network namespace, by device: from a dump, or from what /proc shows without a privilege."""

import socket
import struct
from ipaddress import ip_address, ip_network

from exporter.kernel.netlink.client import MAX_INSIDE, ask_again
from exporter.kernel.netlink.messages import S32, Data, MalformedError, attribute, attributes, head, message
from exporter.kernel.netlink.numbers import NLM_F_DUMP, RTM_GETADDR, RTM_NEWADDR

IFADDRMSG = struct.Struct("=BBBBI")  # family, prefix length, flags, scope, ifindex; linux/if_addr.h
IFA_ADDRESS, IFA_LOCAL, IFA_TARGET_NETNSID = 1, 2, 10
SCOPE_LINK = 253
RTF_GATEWAY = 2  # linux/route.h
GLOBAL_SCOPE = "00"  # the column of /proc/net/if_inet6

Networks = dict[int, tuple[str, ...]]


def read_interface_addresses(sock: socket.socket, nsid: int) -> Networks:
    """Dump the addresses of another namespace: ifindex -> each as a network of one address.

    PermissionError without CAP_NET_ADMIN, EMSGSIZE for more than MAX_INSIDE. Linux 4.20 and later; the socket needs
    NETLINK_GET_STRICT_CHK.
    """
    body = IFADDRMSG.pack(socket.AF_UNSPEC, 0, 0, 0, 0) + attribute(IFA_TARGET_NETNSID, S32.pack(nsid))
    found: dict[int, list[str]] = {}
    for kind, data, start, end in ask_again(sock, message(RTM_GETADDR, NLM_F_DUMP, body), MAX_INSIDE):
        if kind == RTM_NEWADDR and (parsed := parse_address(data, start, end, nsid)) is not None:
            found.setdefault(parsed[0], []).append(parsed[1])
    return {ifindex: tuple(networks) for ifindex, networks in found.items()}


def parse_address(data: Data, start: int, end: int, nsid: int) -> tuple[int, str] | None:
    """Parse the body of an RTM_NEWADDR: the device's ifindex and the address as a network.

    None for an address of the link's scope, and for one that is not of the namespace: a kernel that does not know the
    attribute answers for the socket's own.
    """
    _, _, _, scope, ifindex = head(IFADDRMSG, data, start, end, "an address")
    found = attributes(data, start + IFADDRMSG.size, end, frozenset({IFA_ADDRESS, IFA_LOCAL, IFA_TARGET_NETNSID}))
    address = found.get(IFA_LOCAL) or found.get(IFA_ADDRESS)
    if address is None or scope >= SCOPE_LINK or found.get(IFA_TARGET_NETNSID) != S32.pack(nsid):
        return None
    try:
        return ifindex, str(ip_network(address))
    except ValueError as error:
        raise MalformedError(f"an address of {len(address)} bytes") from error


def parse_route_table(text: str) -> dict[str, tuple[str, ...]]:
    """Parse /proc/net/route: device -> the IPv4 networks that are directly connected (net/ipv4/fib_trie.c)."""
    found: dict[str, list[str]] = {}
    for line in _lines(text)[1:]:
        name, destination, _, flags, _, _, _, mask, *_ = line.split("\t")
        if int(mask, 16) and not int(flags, 16) & RTF_GATEWAY:
            network, bits = (struct.pack("=I", int(part, 16)) for part in (destination, mask))
            found.setdefault(name, []).append(f"{ip_address(network)}/{ip_address(bits)}")
    return {name: tuple(networks) for name, networks in found.items()}


def parse_if_inet6(text: str) -> dict[str, tuple[str, ...]]:
    """Parse /proc/net/if_inet6: device -> its IPv6 addresses of global scope (net/ipv6/addrconf.c)."""
    found: dict[str, list[str]] = {}
    for line in _lines(text):
        address, _, _, scope, _, name = line.split(maxsplit=5)
        if scope == GLOBAL_SCOPE:
            found.setdefault(name, []).append(str(ip_network(bytes.fromhex(address))))
    return {name: tuple(networks) for name, networks in found.items()}


def _lines(text: str) -> list[str]:
    """The lines. Not splitlines: a device may be named with what Python takes for the end of a line."""
    return [line for line in text.split("\n") if line]
