"""Switches of a device that decide about forwarding (RTM_GETNETCONF, linux/netconf.h). Needs no privilege."""

import socket
import struct

from exporter.kernel.netlink.client import ask
from exporter.kernel.netlink.messages import S32, Data, attribute, attributes, message

RTM_GETNETCONF = 82
NETCONFMSG = struct.Struct("=B3x")  # family
NETCONFA_IFINDEX, NETCONFA_FORWARDING = 1, 2


def read_ipv4_forwarding(sock: socket.socket, ifindex: int) -> bool | None:
    """Return whether IPv4 packets received by a device are forwarded; None for a device that is gone."""
    body = NETCONFMSG.pack(socket.AF_INET) + attribute(NETCONFA_IFINDEX, S32.pack(ifindex))
    try:
        answers = ask(sock, message(RTM_GETNETCONF, 0, body))
    except TimeoutError:
        raise
    except OSError as error:
        if not error.errno:
            raise  # a malformed answer
        return None
    return parse_forwarding(*answers[0][1:]) if answers else None


def parse_forwarding(data: Data, start: int, end: int) -> bool | None:
    """Parse the body of RTM_NEWNETCONF."""
    value = attributes(data, start + NETCONFMSG.size, end).get(NETCONFA_FORWARDING)
    return None if value is None or len(value) != S32.size else S32.unpack(value)[0] != 0
