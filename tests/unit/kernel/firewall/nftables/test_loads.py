"""What a rule writes to a packet and its metadata, one expression after the other."""

import struct

import pytest

from exporter.kernel.firewall.nftables import nfta
from exporter.kernel.firewall.nftables.expressions import take
from exporter.kernel.firewall.nftables.machine import State
from exporter.kernel.netlink.messages import attribute

REGISTER, MARK, PACKET_TYPE = struct.pack(">I", 8), 3, 19


def target(key: int, value: bytes) -> str:
    """What a rule does that sets metadata to a constant."""
    state = State("ip")
    data = attribute(nfta.IMMEDIATE_DATA, attribute(nfta.DATA_VALUE, value))
    take(state, "immediate", attribute(nfta.IMMEDIATE_DREG, REGISTER) + data)
    take(state, "meta", attribute(nfta.META_KEY, struct.pack(">I", key)) + attribute(nfta.META_SREG, REGISTER))
    return str(state.made.get("target", ""))


@pytest.mark.parametrize(
    ("key", "value", "found"),
    [
        (PACKET_TYPE, b"\3", "?pkttype"),  # for another host
        (PACKET_TYPE, b"\1", "?pkttype"),  # a broadcast
        (PACKET_TYPE, b"\0", ""),
        (MARK, b"\3\0\0\0", ""),
    ],
)
def test_a_packet_of_another_type_is_not_forwarded(key: int, value: bytes, found: str) -> None:
    assert target(key, value) == found


LINK, NETWORK, TRANSPORT = 0, 1, 2
ALL, NONE = b"\xff", b"\0"


def written(base: int, offset: int, value: bytes, mask: bytes = b"", family: str = "ip") -> str:
    """What a rule does that writes a constant, or with a mask what it keeps of the packet's own bytes."""
    state, size = State(family), struct.pack(">I", len(value))
    place = attribute(nfta.PAYLOAD_BASE, struct.pack(">I", base))
    place += attribute(nfta.PAYLOAD_OFFSET, struct.pack(">I", offset)) + attribute(nfta.PAYLOAD_LEN, size)
    if mask:
        take(state, "payload", place + attribute(nfta.PAYLOAD_DREG, REGISTER))
        data = attribute(nfta.BITWISE_SREG, REGISTER) + attribute(nfta.BITWISE_DREG, REGISTER)
        data += attribute(nfta.BITWISE_MASK, attribute(nfta.DATA_VALUE, mask))
        take(state, "bitwise", data + attribute(nfta.BITWISE_XOR, attribute(nfta.DATA_VALUE, value)))
    else:
        data = attribute(nfta.IMMEDIATE_DATA, attribute(nfta.DATA_VALUE, value))
        take(state, "immediate", attribute(nfta.IMMEDIATE_DREG, REGISTER) + data)
    take(state, "payload", place + attribute(nfta.PAYLOAD_SREG, REGISTER))
    return str(state.made.get("target", ""))


@pytest.mark.parametrize(
    ("base", "offset", "value", "mask", "family", "found"),
    [
        (TRANSPORT, 2, b"\0\x51", b"", "ip", "?payload"),  # tcp dport set 81
        (TRANSPORT, 14, b"\0\0", b"", "ip", "?payload"),  # tcp window set 0
        (LINK, 0, bytes(6), b"", "bridge", "?payload"),  # ether daddr set
        (NETWORK, 2, b"\0\x28", b"", "ip", "?payload"),  # ip length set 40
        (NETWORK, 8, b"\0\x11", ALL + NONE, "ip", "?payload"),  # ip protocol set udp
        (NETWORK, 8, b"\x40\0", NONE + ALL, "ip", ""),  # ip ttl set 64
        (NETWORK, 8, b"\1\0", NONE + ALL, "ip", "?ttl"),  # ip ttl set 1
        (NETWORK, 0, b"\0\x20", ALL + b"\3", "ip", ""),  # ip dscp set cs1
        (NETWORK, 4, b"\0\0", b"", "ip", ""),  # ip id set 0
        (NETWORK, 6, b"\0\0", b"", "ip", ""),  # ip frag-off set 0
        (NETWORK, 6, b"\x11\0", NONE + ALL, "ip6", "?payload"),  # ip6 nexthdr set udp
    ],
)
def test_a_write_to_the_packet(base: int, offset: int, value: bytes, mask: bytes, family: str, found: str) -> None:
    assert written(base, offset, value, mask, family) == found


@pytest.mark.parametrize(("kind", "found"), [(9, "?objref"), (10, "?objref"), (1, ""), (3, ""), (4, "")])
def test_an_expectation_and_a_synproxy_may_take_the_packet(kind: int, found: str) -> None:
    state = State("ip")
    take(state, "objref", attribute(nfta.OBJREF_TYPE, struct.pack(">I", kind)))
    assert str(state.made.get("target", "")) == found
