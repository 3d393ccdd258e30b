"""What a rule writes to a packet's metadata, one expression after the other."""

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
