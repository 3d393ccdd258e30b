"""The nsid by which one network namespace refers to another (linux/net_namespace.h)."""

import socket
import struct

from pyroute2.netlink.rtnl import RTM_GETNSID

from exporter.kernel.netlink.rtnetlink import MalformedError, ask, attribute, attributes, message, number

NETNSA_NSID, NETNSA_PID, NETNSA_FD = 1, 2, 3


RTGENMSG = b"\0\0\0\0"  # struct rtgenmsg, padded


U32 = struct.Struct("=I")


S32 = struct.Struct("=i")


UNASSIGNED = -1


ALL_NSIDS = -2  # among the freed ones: some were not heard of, so none is sure


def parse_nsid(data: memoryview, start: int, end: int) -> int:
    """Parse the body of RTM_NEWNSID or RTM_DELNSID; MalformedError for one without an nsid."""
    nsid = attributes(data, start + len(RTGENMSG), end).get(NETNSA_NSID)
    if nsid is None:
        raise MalformedError(f"a message about an nsid of {end - start} bytes, and none in it")
    return number(S32, nsid, "an nsid")


def read_nsid(sock: socket.socket, by: int, value: int) -> int:
    """Ask for a namespace's nsid by NETNSA_PID or NETNSA_FD; UNASSIGNED when it has none."""
    request = message(RTM_GETNSID, 0, RTGENMSG + attribute(by, U32.pack(value)))
    return next((parse_nsid(data, start, end) for kind, data, start, end in ask(sock, request)), UNASSIGNED)
