"""One ICMP echo that may not be fragmented, and a small one when it is not answered.

By a ping socket where net.ipv4.ping_group_range includes this process's group (icmp(7)), else by a raw one, which needs
CAP_NET_RAW. IP_PMTUDISC_PROBE sends packets of the device's MTU whatever path MTU the kernel has cached (ip(7)).
"""

import os
import select
import socket
import struct
import time

from msgspec import Struct

from exporter.core.reach.tried import ANSWERED, FAILED, NOT_PERMITTED, TIMED_OUT, Echo
from exporter.kernel.reach.probe.sockets import endpoint, family_of, open_socket, outcome_of, read_offender, wait_for

SMALLER = (1280, 576, 84)  # bytes: the least MTU of IPv6, that of IPv4, ping's
MAX_BYTES = 65535
HEADER = struct.Struct(">BBHHH")  # type, code, checksum, identifier, sequence
TOKEN_BYTES = 8
ECHO = 8  # linux/icmp.h: ICMP_ECHO
IP_MTU_DISCOVER, IPV6_MTU_DISCOVER, PMTUDISC_PROBE = 10, 23, 3  # linux/in.h, linux/in6.h


class Version(Struct, frozen=True):
    """The numbers of one IP version."""

    protocol: int
    header: int
    request: int
    reply: int
    level: int
    discover: int


VERSIONS = {
    socket.AF_INET: Version(socket.IPPROTO_ICMP, 20, ECHO, 0, socket.IPPROTO_IP, IP_MTU_DISCOVER),
    socket.AF_INET6: Version(socket.IPPROTO_ICMPV6, 40, 128, 129, socket.IPPROTO_IPV6, IPV6_MTU_DISCOVER),
}


def send_echo(address: str, size: int, seconds: float, ends: float) -> Echo:
    """Send an echo of `size` bytes, IP header included, and wait `seconds` for the reply.

    A small one follows when it is not answered, until `ends` (time.monotonic) at most.
    """
    started = time.monotonic()
    size = min(size, MAX_BYTES)
    outcome = _try_echo(address, size, started + seconds)
    spent = time.monotonic() - started
    if outcome in (ANSWERED, NOT_PERMITTED):
        return Echo(size, outcome, spent)
    small = next((small for small in SMALLER if small < size), 0)
    again = bool(small) and _try_echo(address, small, min(ends, time.monotonic() + seconds)) == ANSWERED
    return Echo(size, outcome, spent, smaller=again)


def _try_echo(address: str, size: int, ends: float) -> str:
    try:
        version = VERSIONS[family_of(address)]
        sock, raw = _open(address, version)
    except PermissionError:
        return NOT_PERMITTED
    except OSError as error:
        return outcome_of(error.errno or 0)[0]
    except ValueError:
        return FAILED
    with sock:
        try:
            sock.setsockopt(version.level, version.discover, PMTUDISC_PROBE)
            sock.connect(endpoint(address, 0))
            return _exchange(sock, version, size, ends, ip_header=raw and version.request == ECHO)
        except PermissionError:  # a rule of this namespace drops it
            return FAILED
        except OSError as error:
            return outcome_of(error.errno or 0)[0]


def _open(address: str, version: Version) -> tuple[socket.socket, bool]:
    """Return a socket, and whether it is a raw one."""
    try:
        return open_socket(address, socket.SOCK_DGRAM, version.protocol), False
    except PermissionError:
        return open_socket(address, socket.SOCK_RAW, version.protocol), True


def _exchange(sock: socket.socket, version: Version, size: int, ends: float, *, ip_header: bool) -> str:
    """Send a request and wait for its reply. Raises OSError for what the kernel or a router reports."""
    token = os.urandom(TOKEN_BYTES)
    sock.send(request(version, token, size))
    while wait_for(sock, select.POLLIN, ends - time.monotonic()):
        try:
            data = sock.recv(MAX_BYTES)
        except BlockingIOError:  # an error is queued, and not raised
            read_offender(sock)
            continue
        if is_reply(data[(data[0] & 0xF) * 4 :] if ip_header and data else data, version, token):
            return ANSWERED
    return TIMED_OUT


def request(version: Version, token: bytes, size: int) -> bytes:
    """Encode an echo request. A ping socket replaces the identifier, and the kernel the checksum of ICMPv6."""
    identifier = int.from_bytes(token[:2], "big")
    body = token.ljust(size - version.header - HEADER.size, b"\0")
    sum_ = checksum(HEADER.pack(version.request, 0, 0, identifier, 1) + body)
    return HEADER.pack(version.request, 0, sum_, identifier, 1) + body


def is_reply(data: bytes, version: Version, token: bytes) -> bool:
    """Whether an ICMP message is the reply to the request with this token."""
    return data[:2] == bytes((version.reply, 0)) and data[HEADER.size : HEADER.size + len(token)] == token


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    data += bytes(len(data) % 2)
    total: int = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total >> 16) + (total & 0xFFFF)
    return ~total & 0xFFFF
