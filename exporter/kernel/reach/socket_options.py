"""Options of listening sockets that decide about connections: TCP MD5 keys (RFC 2385), and the mark of what they send.

The kernel shows both to CAP_NET_ADMIN alone (net/ipv4/tcp_diag.c: tcp_diag_get_aux, net/ipv4/inet_diag.c). It drops
segments without a signature of a peer for which the socket has a key.
"""

import struct
from collections.abc import Mapping
from ipaddress import ip_network

from exporter.kernel.netlink.messages import U32, MalformedError, number
from exporter.kernel.netlink.protocols import ADDRESS_SIZES

INET_DIAG_MARK, INET_DIAG_MD5SIG = 15, 18
KEY = struct.Struct("=BBH16s80x")  # struct tcp_diag_md5sig: family, length of the prefix, of the key, address, key


def parse_keys(known: Mapping[int, bytes]) -> tuple[str, ...]:
    """Return the networks of the peers for which a socket has keys; the keys are not kept. MalformedError otherwise."""
    packed = known.get(INET_DIAG_MD5SIG, b"")
    if len(packed) % KEY.size:
        raise MalformedError(f"{len(packed)} bytes of TCP MD5 keys")
    return tuple(_network(family, prefix, address) for family, prefix, _, address in KEY.iter_unpack(packed))


def _network(family: int, prefix: int, address: bytes) -> str:
    if family not in ADDRESS_SIZES:
        raise MalformedError(f"a TCP MD5 key of family {family}")
    try:
        return str(ip_network((address[: ADDRESS_SIZES[family]], prefix), strict=False))
    except ValueError as error:
        raise MalformedError(f"a TCP MD5 key: {error}") from error


def parse_mark(known: Mapping[int, bytes]) -> int:
    """Return the mark of a socket's packets (SO_MARK), 0 for none."""
    return int(number(U32, known[INET_DIAG_MARK], "a mark")) if INET_DIAG_MARK in known else 0
