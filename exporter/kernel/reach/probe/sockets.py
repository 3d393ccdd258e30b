"""Sockets that never block, and why one failed: the kernel's errors and those that a router has sent.

Sources: ip(7) (IP_RECVERR), linux/errqueue.h, linux/in6.h.
"""

import contextlib
import errno
import os
import select
import socket
import struct
import sys
from ipaddress import IPv6Address, ip_address

from exporter.core.reach.tried import (
    FAILED,
    NO_ADDRESS,
    NO_HOST,
    NO_NETWORK,
    NOT_PERMITTED,
    REFUSED,
    TIMED_OUT,
    TOO_BIG,
)

OUTCOMES = {
    errno.ECONNREFUSED: REFUSED,
    errno.ETIMEDOUT: TIMED_OUT,
    errno.EHOSTUNREACH: NO_HOST,
    errno.ENETUNREACH: NO_NETWORK,
    errno.EADDRNOTAVAIL: NO_ADDRESS,
    errno.EAFNOSUPPORT: NO_ADDRESS,  # a kernel without IPv6
    errno.EPERM: NOT_PERMITTED,  # a rule of this namespace's output
    errno.EACCES: NOT_PERMITTED,  # a prohibit route
    errno.EMSGSIZE: TOO_BIG,
    errno.ENOBUFS: TOO_BIG,  # the other end of a veth accepts no packet of this size
}
# linux/in.h, linux/in6.h; Python's socket module has no names for them.
IP_RECVERR, IPV6_RECVERR = 11, 25
EXTENDED_ERROR = struct.Struct("=IBBBBII")  # errno, origin, type, code, padding, info, data
ICMP_ORIGINS = (2, 3)  # SO_EE_ORIGIN_ICMP, SO_EE_ORIGIN_ICMP6
OFFENDERS = {  # family -> place and size of the address in struct sockaddr_in, sockaddr_in6
    int(socket.AF_INET): (4, 4),
    int(socket.AF_INET6): (8, 16),
}
CONTROL_BYTES = 512
DISCARD_PORT = 9


def outcome_of(number: int) -> tuple[str, str]:
    """Return the outcome for an errno, and the system's text where the outcome is FAILED."""
    outcome = OUTCOMES.get(number, FAILED)
    return outcome, os.strerror(number) if outcome == FAILED else ""


def family_of(address: str) -> socket.AddressFamily:
    """Return the family of an address. Raises ValueError for what is not one."""
    return socket.AF_INET6 if ip_address(address).version == 6 else socket.AF_INET  # noqa: PLR2004 -- IPv6


def endpoint(address: str, port: int) -> tuple[str, int] | tuple[str, int, int, int]:
    """Return the argument of connect(); a zone (fe80::1%eth0) is looked up in the calling thread's namespace.

    Raises OSError for a device that is not there. The text of an address is never resolved.
    """
    parsed = ip_address(address)
    if not isinstance(parsed, IPv6Address):
        return address, port
    zone = parsed.scope_id
    return address.partition("%")[0], port, 0, socket.if_nametoindex(zone) if zone else 0


def open_socket(address: str, kind: socket.SocketKind, protocol: int = 0) -> socket.socket:
    """Open a socket that does not block and queues the errors that routers report. Raises OSError."""
    family = family_of(address)
    sock = socket.socket(family, kind | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK, protocol)
    level, option = (
        (socket.IPPROTO_IPV6, IPV6_RECVERR) if family == socket.AF_INET6 else (socket.IPPROTO_IP, IP_RECVERR)
    )
    try:
        sock.setsockopt(level, option, 1)
    except OSError:
        sock.close()
        raise
    return sock


def wait_for(sock: socket.socket, event: int, seconds: float) -> bool:
    """Wait until a socket has an event of poll(2) or an error; False when the time is over.

    A router's report is queued before the socket has its error: a read may then have nothing yet (BlockingIOError), and
    `read_offender` removes the report.
    """
    poll = select.poll()
    poll.register(sock, event)
    return bool(poll.poll(max(0.0, seconds) * 1000))


def has_route(address: str) -> bool:
    """Whether this namespace has a route and a source address for it: a client leaves other addresses out.

    To connect a UDP socket sends nothing.
    """
    try:
        with open_socket(address, socket.SOCK_DGRAM) as sock:
            return sock.connect_ex(endpoint(address, DISCARD_PORT)) == 0
    except (OSError, ValueError):
        return False


def read_offender(sock: socket.socket) -> str:
    """Return the address of the router that reported the error; '' for this namespace itself, or when none did."""
    with contextlib.suppress(OSError):
        own = sock.getsockname()[0]
        _, control, _, _ = sock.recvmsg(1, CONTROL_BYTES, socket.MSG_ERRQUEUE | socket.MSG_DONTWAIT)
        found = (parse_offender(data) for _, kind, data in control if kind in (IP_RECVERR, IPV6_RECVERR))
        return next((offender for offender in found if offender not in ("", own)), "")
    return ""


def parse_offender(data: bytes) -> str:
    """Parse struct sock_extended_err and the address behind it; '' where no router reported it."""
    after = data[EXTENDED_ERROR.size :]
    if len(after) < 2 or EXTENDED_ERROR.unpack_from(data)[1] not in ICMP_ORIGINS:  # noqa: PLR2004 -- sa_family
        return ""
    at, size = OFFENDERS.get(int.from_bytes(after[:2], sys.byteorder), (0, 0))
    address = after[at : at + size]
    return str(ip_address(address)) if size and len(address) == size else ""
