"""Our decoders by name, each with real messages for it, and the ways in which a test damages these."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import astuple

from exporter.kernel.conntrack.flows import Flow, parse_flow, parse_flows
from exporter.kernel.links.addresses import parse_address, parse_uplinks
from exporter.kernel.links.fdb import NDMSG, parse_learned, parse_learned_count
from exporter.kernel.links.fib import RTMSG
from exporter.kernel.links.links import IFINFOMSG, parse_link
from exporter.kernel.links.routes import parse_route, parse_routes
from exporter.kernel.namespaces.overlay import parse_neighbours, parse_nodes
from exporter.kernel.netlink.inet_diag import SIZE, parse_socket, parse_state
from exporter.kernel.netlink.messages import HEADER, MalformedError
from exporter.kernel.netlink.nfnetlink import NFGENMSG
from exporter.kernel.netlink.nsid import RTGENMSG, parse_nsid
from exporter.kernel.reach.devices import IFADDRMSG, parse_addresses, parse_device, parse_duplicates
from exporter.kernel.reach.neighbours import parse_known_neighbours
from tests.support.kernel.captured import captured
from tests.support.kernel.captured_flows import MESSAGES as FLOWS
from tests.support.kernel.captured_links import LINK_MESSAGES
from tests.support.kernel.messages import RTM_DELLINK, RTM_NEWLINK, nsid_answer

TCP_DIAG, SOCK_DIAG, RTM_NEWADDR, RTM_NEWROUTE, RTM_NEWNEIGH, TCP, UDP = 18, 20, 20, 24, 28, 6, 17
SIZES = {2: 4, 10: 16}


@dataclass(frozen=True)
class Decoder:
    """What it makes of a body, real messages for it, and how long the head is before the attributes."""

    decode: Callable[[memoryview, int, int], Any]
    originals: list[bytes]
    head: int

    def told(self, raw: bytes, after: bytes = b"") -> Any:
        """What it says of a message that others stand after; MalformedError, the class, for a refusal."""
        try:
            return self.decode(memoryview(raw + after), HEADER.size, len(raw))
        except MalformedError:
            return MalformedError


def bodies(name: str, kind: int) -> list[bytes]:
    """The messages of one type in a capture."""
    return [raw for raw in captured(name) if HEADER.unpack_from(raw)[1] == kind]


def _socket(protocol: int) -> Callable[[memoryview, int, int], Any]:
    def decode(data: memoryview, start: int, end: int) -> Any:
        found = parse_socket(bytes(data), start, end, protocol)
        return found, parse_state(bytes(data), start)

    return decode


def _connection(data: memoryview, start: int, end: int) -> Flow:
    size = SIZES[data[start]] if end > start and data[start] in SIZES else 4
    flow = parse_flow(bytes(data), start + NFGENMSG.size, size, end)
    parse_flows(Counter([flow]), frozenset({53}))
    return flow


def _route(data: memoryview, start: int, end: int) -> Any:
    row = parse_route(data, start, end)
    return row and (parse_routes([row]), parse_uplinks([row]))


DECODERS = {
    "link": Decoder(lambda d, s, e: parse_link(RTM_NEWLINK, d, s, e), LINK_MESSAGES, IFINFOMSG.size),
    "ended link": Decoder(lambda d, s, e: parse_link(RTM_DELLINK, d, s, e), LINK_MESSAGES, IFINFOMSG.size),
    "nsid": Decoder(parse_nsid, [nsid_answer(7), nsid_answer(300)], len(RTGENMSG)),
    "tcp": Decoder(_socket(TCP), bodies("sockets_tcp", TCP_DIAG), SIZE),
    "udp": Decoder(_socket(UDP), bodies("sockets_udp", SOCK_DIAG), SIZE),
    "learned": Decoder(lambda d, s, e: parse_learned([(d, s, e)]), bodies("fdb", RTM_NEWNEIGH), NDMSG.size),
    "count": Decoder(parse_learned_count, bodies("devices", RTM_NEWLINK), IFINFOMSG.size),
    "node": Decoder(lambda d, s, e: parse_nodes([(d, s, e)]), bodies("fdb", RTM_NEWNEIGH), NDMSG.size),
    "neighbour": Decoder(
        lambda d, s, e: parse_neighbours([(d, s, e)], {2, 3}), bodies("neighbours", RTM_NEWNEIGH), NDMSG.size
    ),
    "device": Decoder(lambda d, s, e: parse_device(d, s, e, {}), bodies("devices", RTM_NEWLINK), IFINFOMSG.size),
    "address": Decoder(
        lambda d, s, e: (
            parse_addresses([(RTM_NEWADDR, bytes(d), s, e)]),
            parse_duplicates([(RTM_NEWADDR, bytes(d), s, e)]),
        ),
        bodies("addresses", RTM_NEWADDR),
        IFADDRMSG.size,
    ),
    "host address": Decoder(parse_address, bodies("addresses", RTM_NEWADDR), IFADDRMSG.size),
    "route": Decoder(_route, bodies("routes", RTM_NEWROUTE), RTMSG.size),
    "fixed neighbour": Decoder(
        lambda d, s, e: parse_known_neighbours([(d, s, e)]), bodies("neighbours", RTM_NEWNEIGH), NDMSG.size
    ),
    "connection": Decoder(_connection, FLOWS, NFGENMSG.size),
}

changes = st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 255)), max_size=4)


@st.composite
def damages(draw: st.DrawFn, keep: int = HEADER.size) -> Callable[[bytes], bytes]:
    """A way to change bytes, to cut off the end, and to add to it; the first bytes stay as they are."""
    places = draw(changes)
    cut = draw(st.one_of(st.none(), st.integers(0, 1 << 16)))
    more = draw(st.one_of(st.just(b""), st.binary(max_size=12)))

    def damage(raw: bytes) -> bytes:
        data = bytearray(raw)
        for place, value in places:
            if len(data) > keep:
                data[keep + place % (len(data) - keep)] = value
        end = len(data) if cut is None else keep + cut % (len(data) - keep + 1)
        return bytes(data[:end]) + more

    return damage


def parts(value: Any) -> set[Any]:
    """Every number and text that a value is made of."""
    if isinstance(value, Struct):
        value = astuple(value)
    elif isinstance(value, Mapping):
        value = [*value.keys(), *value.values()]
    if isinstance(value, Collection) and not isinstance(value, (str, bytes)):
        return {part for inner in value for part in parts(inner)}
    return {value}
