"""The connection table over ctnetlink, entry by entry (linux/netfilter/nfnetlink_conntrack.h). Needs CAP_NET_ADMIN.

The first two attributes are the two directions' tuples, in one layout for each family: a pattern reads and checks
them, without a walk. A dump of 50,000 entries takes 0.2 s all the same: it is made between scrapes, and less often
than a dump of the entries with a translated destination, which the kernel filters.
"""

import re
import socket
import struct
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice

from exporter.core.nat.flows import Flows
from exporter.errors import SourceError
from exporter.kernel.netlink.client import answers
from exporter.kernel.netlink.messages import ATTRIBUTE, NLA_F_NESTED, Data, MalformedError, attribute, head, message
from exporter.kernel.netlink.nfnetlink import NFGENMSG, open_socket
from exporter.kernel.netlink.numbers import NLM_F_DUMP
from exporter.kernel.netlink.protocols import ADDRESS_SIZES, PROTOCOLS

GET = 1 << 8 | 1  # NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_GET
FAMILIES = {size: family for family, size in ADDRESS_SIZES.items()}
LENGTH = struct.Struct("=H")
PORT = struct.Struct(">H")
CTA_TUPLE_ORIG, CTA_TUPLE_REPLY = 1, 2
CTA_TUPLE_IP, CTA_TUPLE_PROTO = 1, 2
CTA_IP_SRC, CTA_IP_DST = {4: 1, 16: 3}, {4: 2, 16: 4}
CTA_PROTO_NUM, CTA_PROTO_SRC_PORT, CTA_PROTO_DST_PORT = 1, 2, 3
CTA_STATUS, CTA_STATUS_MASK, IPS_DST_NAT = 3, 26, struct.pack(">I", 1 << 5)
# Kernels before 5.15 ignore the mask and return all entries.
TRANSLATED = attribute(CTA_STATUS, IPS_DST_NAT) + attribute(CTA_STATUS_MASK, IPS_DST_NAT)
UDP = 17
MAX_FLOWS, PIECE = 1 << 18, 10_000  # a sender chooses its source addresses: 90 MB
WITH_PORTS = frozenset({6, 17, 33, 132, 136})

Flow = tuple[int, bytes, bytes, int, bytes]  # protocol, source, destination, its port, source of what comes back


def _head(length: int, kind: int) -> bytes:
    """The head of an attribute; of any length for 0, which is then a group."""
    packed = ATTRIBUTE.pack(length, kind)
    return re.escape(packed) if length else b"(..)" + re.escape(packed[2:])


def _tuple(kind: int, size: int, length: int = 0) -> bytes:
    """A direction's tuple up to its addresses: the source, the destination."""
    begin = _head(length, kind | NLA_F_NESTED) + _head(12 + 2 * size, CTA_TUPLE_IP | NLA_F_NESTED)
    return begin + b"".join(_head(4 + size, ends[size]) + b"(.{%d})" % size for ends in (CTA_IP_SRC, CTA_IP_DST))


def _protocol(length: int, numbers: bytes) -> bytes:
    return _head(length, CTA_TUPLE_PROTO | NLA_F_NESTED) + _head(5, CTA_PROTO_NUM) + b"(" + numbers + b")..."


def _with_ports(size: int) -> bytes:
    """The usual entry: a tuple with two ports, and after it at once the other one."""
    numbers = b"[" + re.escape(bytes(sorted(WITH_PORTS))) + b"]"
    first = _tuple(CTA_TUPLE_ORIG, size, 16 + 2 * size + PORTS_LENGTH) + _protocol(PORTS_LENGTH, numbers) + PORTS
    return first + _tuple(CTA_TUPLE_REPLY, size)


PORTS = _head(6, CTA_PROTO_SRC_PORT) + b"...." + _head(6, CTA_PROTO_DST_PORT) + b"(..).."
PORTS_LENGTH = 28
USUAL = {size: re.compile(_with_ports(size), re.DOTALL) for size in FAMILIES}
ORIGINAL = {
    size: re.compile(_tuple(CTA_TUPLE_ORIG, size) + _protocol(0, b".") + b"(?:" + PORTS + b")?", re.DOTALL)
    for size in FAMILIES
}
REPLY = {size: re.compile(_tuple(CTA_TUPLE_REPLY, size), re.DOTALL) for size in FAMILIES}


def open_flows() -> socket.socket:
    """Open a socket for dumps."""
    return open_socket(timeout=5.0)


def read_flows(sock: socket.socket, udp_ports: frozenset[int]) -> Flows:
    """Read the whole table. Raises OSError for a refusal, SourceError for more than MAX_FLOWS pairs of addresses."""
    flows, counts = _dump(sock), Counter[Flow]()
    while piece := list(islice(flows, PIECE)):
        counts.update(piece)
        if len(counts) > MAX_FLOWS:
            raise SourceError("limit", f"more than {MAX_FLOWS} pairs of addresses in the connection table")
    return parse_flows(counts, udp_ports)


def read_published(sock: socket.socket) -> Mapping[tuple[str, int, str], int]:
    """Read only the flows with a translated destination: `published` of all flows."""
    flows = _dump(sock, TRANSLATED)
    return _published(
        Counter((protocol, port, reply) for protocol, _, sent_to, port, reply in flows if reply != sent_to)
    )


def _dump(sock: socket.socket, wanted: bytes = b"") -> Iterator[Flow]:
    """Ask for both families at once: an empty table takes 9 ms as well."""
    for _, data, start, end in answers(sock, message(GET, NLM_F_DUMP, NFGENMSG.pack(0, 0, 0) + wanted), max_bytes=0):
        size = ADDRESS_SIZES.get(head(NFGENMSG, data, start, end, "a connection")[0])
        if size is not None:
            yield parse_flow(data, start + NFGENMSG.size, size, end)


def parse_flow(data: Data, start: int, size: int, end: int = sys.maxsize) -> Flow:
    """Parse one entry: protocol, source, destination and its port, and the source of what comes back.

    The port is 0 for a protocol that has none. Raises MalformedError for another layout.
    """
    usual = USUAL[size].match(data, start, end)
    if usual is None:
        return _parse_other(data, start, size, end)
    source, destination, protocol, port, _, reply, _ = usual.groups()
    return protocol[0], source, destination, PORT.unpack(port)[0], reply


def _parse_other(data: Data, start: int, size: int, end: int) -> Flow:
    """Parse an entry of a protocol without ports, or with more in its first tuple (a zone)."""
    first = ORIGINAL[size].match(data, start, end)
    if first is None:
        raise MalformedError("a connection whose first tuple is in no known form")
    length, source, destination, rest, protocol, port = first.groups()
    answer = REPLY[size].match(data, start + ((LENGTH.unpack(length)[0] + 3) & ~3), end)
    if answer is None:
        raise MalformedError("a connection whose second tuple is in no known form")
    number = protocol[0]
    if number not in WITH_PORTS:
        return number, source, destination, 0, answer[2]
    if LENGTH.unpack(rest)[0] != PORTS_LENGTH or port is None:
        raise MalformedError(f"a connection of protocol {number} without ports")
    return number, source, destination, PORT.unpack(port)[0], answer[2]


def parse_flows(counts: Counter[Flow], udp_ports: frozenset[int]) -> Flows:
    """Sum entries by both ends; a flow was DNATed if its reply source differs from its original destination."""
    addresses: Counter[tuple[int, bytes]] = Counter()
    published: Counter[tuple[int, int, bytes]] = Counter()
    direct: set[tuple[int, bytes, bytes]] = set()
    for (protocol, source, destination, port, reply), count in counts.items():
        addresses[protocol, source] += count
        if reply != source:
            addresses[protocol, reply] += count
        if reply != destination:
            published[protocol, port, reply] += count
        elif protocol == UDP and port in udp_ports:
            direct.add((port, destination, source))
    return Flows(
        addresses={(_name(protocol), _text(address)): n for (protocol, address), n in addresses.items()},
        published=_published(published),
        direct=frozenset((port, _text(address), _text(source)) for port, address, source in direct),
    )


def _published(counts: Counter[tuple[int, int, bytes]]) -> dict[tuple[str, int, str], int]:
    return {(_name(protocol), port, _text(address)): n for (protocol, port, address), n in counts.items()}


def _name(protocol: int) -> str:
    return PROTOCOLS.get(protocol, str(protocol))


def _text(address: bytes) -> str:
    return socket.inet_ntop(FAMILIES[len(address)], address)
