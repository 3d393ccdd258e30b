"""Link messages as a real kernel sent them, against the reference decoder."""

from typing import Any

import pytest
from pyroute2.netlink.rtnl.marshal import MarshalRtnl

from exporter.core.model.docker import Link
from exporter.kernel.links.links import IFINFOMSG, LinkMessage, parse_link
from exporter.kernel.netlink.messages import HEADER, text
from tests.support.kernel.captured import captured
from tests.support.kernel.captured_links import COUNTERS, LINK_MESSAGES
from tests.support.kernel.messages import RTM_DELLINK, RTM_NEWLINK

AF_BRIDGE = 7


def parsed(raw: bytes) -> LinkMessage | None:
    return parse_link(HEADER.unpack_from(raw)[1], memoryview(raw), HEADER.size, len(raw))


def family(raw: bytes) -> int:
    return int(IFINFOMSG.unpack_from(raw, HEADER.size)[0])


def reference(raw: bytes) -> LinkMessage:
    """The same by pyroute2."""
    (decoded,) = MarshalRtnl().parse(raw)
    stats = decoded.get_attr("IFLA_STATS64")
    deleted = decoded["header"]["type"] == RTM_DELLINK
    return LinkMessage(
        link=Link(
            ifindex=decoded["index"],
            name=decoded.get_attr("IFLA_IFNAME"),
            kind=kind(decoded),
            mac_address=decoded.get_attr("IFLA_ADDRESS"),
            mtu=decoded.get_attr("IFLA_MTU"),
            master_ifindex=decoded.get_attr("IFLA_MASTER") or 0,
            peer_ifindex=decoded.get_attr("IFLA_LINK") or 0,
            peer_nsid=decoded.get_attr("IFLA_LINK_NETNSID"),
            carrier=bool(decoded["flags"] & 1 << 16),
            up=bool(decoded["flags"] & 1),
            group=decoded.get_attr("IFLA_GROUP") or 0,
        ),
        deleted=deleted,
        moved=deleted and decoded.get_attr("IFLA_NEW_NETNSID") is not None,
        stats=(decoded["index"], *(stats[name] for name in COUNTERS)) if stats else None,
    )


def kind(decoded: Any) -> str:
    info = decoded.get_attr("IFLA_LINKINFO")
    return (info.get_attr("IFLA_INFO_KIND") if info else None) or ""


@pytest.mark.parametrize("number", range(len(LINK_MESSAGES)))
def test_a_message_is_parsed_as_the_reference_decodes_it(number: int) -> None:
    raw = LINK_MESSAGES[number]
    assert parsed(raw) == (None if family(raw) == AF_BRIDGE else reference(raw))


def test_the_captures_hold_the_cases_that_matter() -> None:
    found = [message for raw in LINK_MESSAGES if (message := parsed(raw))]
    assert any(family(raw) == AF_BRIDGE for raw in LINK_MESSAGES)
    assert any(message.moved for message in found)
    assert any(message.deleted and not message.moved for message in found)
    assert {message.link.kind for message in found} == {"", "bridge", "veth", "ifb", "macvlan"}
    assert any(message.link.peer_nsid is not None for message in found)


def test_a_veth_whose_peer_is_in_a_container_is_read_whole() -> None:
    found = {message.link.name: message for raw in captured("devices") if (message := parsed_link(raw))}
    assert found["veth-web"] == LinkMessage(
        Link(4, "veth-web", "veth", "02:00:00:00:00:0b", 1500, 2, 3, 0, carrier=True),
        deleted=False,
        moved=False,
        stats=(4, 10, 3, 1000, 3000, 0, 0, 0, 0),
    )
    assert found["crab🦀"].link == Link(7, "crab🦀", "ifb", found["crab🦀"].link.mac_address, 9000, up=False)


def parsed_link(raw: bytes) -> LinkMessage | None:
    return parsed(raw) if HEADER.unpack_from(raw)[1] == RTM_NEWLINK else None


@pytest.mark.parametrize(
    ("payload", "name"), [(b"eth0\0", "eth0"), (b"eth0", "eth0"), (b"eth0\0junk", "eth0"), (b"\xff\0", "�"), (b"", "")]
)
def test_a_name_ends_at_its_nul_and_any_byte_is_decoded(payload: bytes, name: str) -> None:
    assert text(payload) == name
