"""The wire format of sock_diag for TCP and UDP: linux/sock_diag.h, linux/inet_diag.h, net/ipv4/inet_diag.c.

Any process may dump all sockets of its network namespace; the kernel filters by state and by local port. Only here are
an IPv6 socket's v6only flag and the cgroup in which a socket was created.
"""

import errno
import socket
import struct
import sys

from exporter.core.model.sockets import ListeningSocket
from exporter.kernel.netlink.client import NETLINK_SOCK_DIAG, answers, open_socket, repeated
from exporter.kernel.netlink.messages import U8, U64, MalformedError, attributes, head, message, number
from exporter.kernel.netlink.numbers import NLM_F_DUMP, SOCK_DIAG_BY_FAMILY
from exporter.kernel.netlink.protocols import ADDRESS_SIZES, PROTOCOLS

# The kernel's states by their numbers (net/tcp_states.h); a UDP socket is in `established` or in `close`. From Linux
# 6.8 on, a request for bound_inactive returns TCP sockets that are bound only; their state is `close`, too.
STATES = (
    "",
    "established",
    "syn_sent",
    "syn_recv",
    "fin_wait1",
    "fin_wait2",
    "time_wait",
    "close",
    "close_wait",
    "last_ack",
    "listen",
    "closing",
    "new_syn_recv",
    "bound_inactive",
)
LISTEN, UNCONNECTED = STATES.index("listen"), STATES.index("close")
ANY_STATE = (1 << len(STATES)) - 2

TCPDIAG_GETSOCK = 18
REFUSALS = frozenset({errno.EINVAL, errno.ENOENT, errno.EOPNOTSUPP})  # of a request that the kernel does not have
ANSWERS = frozenset({TCPDIAG_GETSOCK, SOCK_DIAG_BY_FAMILY})  # types of messages about a socket
INET_DIAG_INFO, INET_DIAG_SKMEMINFO, INET_DIAG_SKV6ONLY, INET_DIAG_CGROUP_ID = 2, 7, 11, 21
REQUEST = struct.Struct("=BBBxI")  # family, protocol, extensions, states: the head of struct inet_diag_req_v2
TCP_REQUEST = struct.Struct("=4x48xII")  # struct inet_diag_req: any socket, states, no attribute
PORTS = struct.Struct("!HH")  # source, destination: the head of struct inet_diag_sockid
ANY_SOCKET = bytes(32 + 4) + b"\xff" * 8  # its addresses, its device, and INET_DIAG_NOCOOKIE
HEAD = struct.Struct("!BB2xHH16s16s")  # struct inet_diag_msg: family, state, ports, addresses
REST = struct.Struct("=I8x12xII")  # device, then cookie and queues, uid, inode
REST_AT = HEAD.size
SIZE = REST_AT + REST.size
QUEUES_AT, QUEUES_END = 56, 64  # bytes waiting in the socket, which change
PORT_AT, ADDRESS_AT, UID_AT = 4, 8, 64
MAX_DUMP = 32 << 20  # bytes: 260,000 sockets; a user without privileges can make more
SEQUENCE = 1  # the same in each request: the same sockets give the same bytes


def open_diag_socket() -> socket.socket:
    """Open a sock_diag socket in the calling thread's network namespace; its receives time out after 2 s."""
    return open_socket(NETLINK_SOCK_DIAG, kernel_timeout=True)


def question(family: int, protocol: int, states: int, port: int = 0, peer_port: int = 0, extensions: int = 0) -> bytes:
    """Encode the request for a dump of the sockets in some states (a bit each), on one local port or on all.

    `peer_port`: those alone that are connected to this port, 0 for all. `extensions`: a bit for each further attribute.
    """
    body = REQUEST.pack(family, protocol, extensions, states) + PORTS.pack(port, peer_port) + ANY_SOCKET
    return message(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, body)


def tcp_question(states: int) -> bytes:
    """Encode the request for a dump of the TCP sockets of both families.

    It is the older one, for which the kernel walks its table once in place of twice.
    """
    return message(TCPDIAG_GETSOCK, NLM_F_DUMP, TCP_REQUEST.pack(states, 0))


def read_dump(sock: socket.socket, request: bytes) -> list[bytes]:
    """Return the datagrams of a dump that hold sockets.

    The same sockets give the same bytes, unless what waits in one has changed. Raises OSError for the kernel's
    refusal, on a timeout, and with EMSGSIZE for more than MAX_DUMP bytes: the socket may then hold the rest of an
    answer, and has to be closed.
    """
    return repeated(lambda: _read_dump(sock, request))


def read_tcp(sock: socket.socket, states: int) -> list[bytes]:
    """Return the datagrams of a dump of TCP sockets in these states of both families; raises as `read_dump`.

    Where the kernel refuses the older request, it is one dump for each family.
    """
    try:
        return read_dump(sock, tcp_question(states))
    except OSError as error:
        if error.errno not in REFUSALS:
            raise
    return [data for family in (socket.AF_INET, socket.AF_INET6) for data in read_dump(sock, _tcp(family, states))]


def _tcp(family: int, states: int) -> bytes:
    return question(family, socket.IPPROTO_TCP, states)


def _read_dump(sock: socket.socket, request: bytes) -> list[bytes]:
    datagrams: list[bytes] = []
    for _, data, _, _ in answers(sock, request, SEQUENCE, MAX_DUMP):
        if not datagrams or datagrams[-1] is not data:
            datagrams.append(data)
    return datagrams


def marks(data: bytes, start: int, end: int) -> bytes:
    """Return the part of a message's body that does not change while its socket is the same."""
    return data[start : start + QUEUES_AT] + data[start + QUEUES_END : end]


def uid_at(data: bytes, start: int) -> int:
    """Return the user of the socket in the body of an answer."""
    return int.from_bytes(data[start + UID_AT : start + UID_AT + 4], sys.byteorder)


def port_at(data: bytes, start: int) -> int:
    """Return its local port."""
    return int.from_bytes(data[start + PORT_AT : start + PORT_AT + 2], "big")


def address_at(data: bytes, start: int) -> bytes:
    """Return its local address, 16 bytes; one of IPv4 is the first four of them, before zeros."""
    return data[start + ADDRESS_AT : start + ADDRESS_AT + 16]


def parse_socket(data: bytes, start: int, end: int, protocol: int) -> ListeningSocket:
    """Parse the body of an answer: struct inet_diag_msg and its attributes. MalformedError for another form."""
    family, _, port, _, address, _ = head(HEAD, data, start, end, "a socket")
    ifindex, uid, inode = head(REST, data, start + REST_AT, end, "the second half of a socket")
    if family not in ADDRESS_SIZES:
        raise MalformedError(f"a socket of family {family}")
    known = attributes(data, start + SIZE, end)
    return ListeningSocket(
        protocol=PROTOCOLS[protocol],
        address=socket.inet_ntop(family, address[: ADDRESS_SIZES[family]]),
        port=port,
        v6only=bool(INET_DIAG_SKV6ONLY in known and number(U8, known[INET_DIAG_SKV6ONLY], "v6only")),
        inode=inode,
        uid=uid,
        cgroup_id=number(U64, known[INET_DIAG_CGROUP_ID], "a cgroup's id") if INET_DIAG_CGROUP_ID in known else 0,
        ifindex=ifindex,
    )


def parse_ends(data: bytes, start: int, end: int) -> tuple[str, int, str, int]:
    """Parse both ends in the body of an answer: local address and port, then the peer's. MalformedError otherwise."""
    family, _, port, peer_port, address, peer = head(HEAD, data, start, end, "a socket")
    if family not in ADDRESS_SIZES:
        raise MalformedError(f"a socket of family {family}")
    texts = (socket.inet_ntop(family, one[: ADDRESS_SIZES[family]]) for one in (address, peer))
    own, other = (text.removeprefix("::ffff:") if "." in text else text for text in texts)
    return own, port, other, peer_port


def parse_state(data: bytes, start: int) -> str:
    """Return the name of the state in the body of an answer."""
    number = data[start + 1]
    return STATES[number] if number < len(STATES) else str(number)
