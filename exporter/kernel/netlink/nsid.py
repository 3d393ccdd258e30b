"""The nsid by which one network namespace refers to another (linux/net_namespace.h)."""

import socket

from exporter.kernel.netlink.client import ask
from exporter.kernel.netlink.messages import S32, U32, Data, MalformedError, attribute, attributes, message, number
from exporter.kernel.netlink.numbers import RTM_GETNSID

NETNSA_NSID, NETNSA_PID, NETNSA_FD = 1, 2, 3
RTGENMSG = b"\0\0\0\0"  # struct rtgenmsg, padded
UNASSIGNED = -1
ALL_NSIDS = -2  # among freed nsids: notifications were lost, any nsid may have been freed


def parse_nsid(data: Data, start: int, end: int) -> int:
    """Parse the body of RTM_NEWNSID or RTM_DELNSID; MalformedError for one without an nsid."""
    nsid = attributes(data, start + len(RTGENMSG), end).get(NETNSA_NSID)
    if nsid is None:
        raise MalformedError(f"an nsid message of {end - start} bytes without an nsid")
    return number(S32, nsid, "an nsid")


def read_nsid(sock: socket.socket, by: int, value: int) -> int:
    """Read a namespace's nsid by NETNSA_PID or NETNSA_FD; UNASSIGNED when it has none."""
    request = message(RTM_GETNSID, 0, RTGENMSG + attribute(by, U32.pack(value)))
    return next((parse_nsid(data, start, end) for _, data, start, end in ask(sock, request)), UNASSIGNED)
