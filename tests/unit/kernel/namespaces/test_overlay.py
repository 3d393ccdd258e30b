"""What an overlay's hidden namespace holds, as a kernel writes it."""

from collections.abc import Iterable
from ipaddress import ip_address
from pathlib import Path

import pytest

from exporter.core.topology.overlay import overlay_namespace
from exporter.errors import SourceError
from exporter.kernel.links.fdb import NDA_DST, NDA_LLADDR, NDMSG, Row
from exporter.kernel.namespaces.overlay import parse_neighbours, parse_nodes, read_overlay
from exporter.kernel.netlink.messages import HEADER, attribute
from tests.support.kernel.captured import captured

RTM_NEWNEIGH = 28
BR0, VXLAN0 = 2, 3  # of the capture of neighbours


def rows(name: str) -> list[Row]:
    """A captured table."""
    return [
        (memoryview(raw), HEADER.size, len(raw)) for raw in captured(name) if HEADER.unpack_from(raw)[1] == RTM_NEWNEIGH
    ]


def row(*attributes: tuple[int, bytes]) -> Row:
    """A row of a vxlan device."""
    body = NDMSG.pack(7, 0, 0, 5, 0x80, 2, 0) + b"".join(attribute(kind, payload) for kind, payload in attributes)
    return memoryview(body), 0, len(body)


def nodes(found: Iterable[tuple[str, str]]) -> set[str]:
    return {node for _, node in found}


def test_mac_addresses_are_behind_nodes() -> None:
    """A group to flood to, 239.1.1.1, is in the table too, and what a bridge beside it has learned."""
    assert parse_nodes(rows("fdb")) == {
        ("02:42:0a:00:00:03", "192.0.2.2"),
        ("02:42:0a:00:00:04", "192.0.2.2"),
        ("02:42:0a:00:00:05", "192.0.2.3"),
    }


def test_a_node_of_ipv6_is_one_too() -> None:
    mac, node = bytes.fromhex("02420a000006"), ip_address("2001:db8::3").packed
    assert parse_nodes([row((NDA_LLADDR, mac), (NDA_DST, node))]) == {("02:42:0a:00:00:06", "2001:db8::3")}


def test_several_nodes_to_flood_to_are_all_told() -> None:
    nobody = bytes(6)
    found = parse_nodes([row((NDA_LLADDR, nobody), (NDA_DST, bytes((192, 0, 2, last)))) for last in (2, 3)])
    assert nodes(found) == {"192.0.2.2", "192.0.2.3"}
    assert parse_nodes([]) == frozenset()


def test_a_vxlan_device_answers_for_neighbours_that_it_is_sure_of() -> None:
    """Another row of its is stale, and one is another device's."""
    assert parse_neighbours(rows("neighbours"), {VXLAN0}) == {
        "10.0.0.3": "02:42:0a:00:00:03",
        "10.0.0.4": "02:42:0a:00:00:04",
    }
    assert "10.0.0.6" in parse_neighbours(rows("neighbours"), {BR0})
    assert parse_neighbours(rows("neighbours"), ()) == {}


@pytest.mark.parametrize("key", ["/var/run/docker/netns/0a1b2c3d4e5f", "/run/docker/netns/default"])
def test_the_hidden_namespace_is_beside_the_sandboxes(key: str) -> None:
    assert overlay_namespace(key, "k1uv0o3mmm8qn2pzt2g6f1dqc") == str(Path(key).parent / "1-k1uv0o3mmm")


def test_an_overlay_that_is_not_on_this_node_has_nothing_to_tell(tmp_path: Path) -> None:
    assert read_overlay(tmp_path / "1-k1uv0o3mmm") is None


def test_a_directory_that_is_not_mounted_is_told_from_an_overlay_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as refusal:
        read_overlay(tmp_path / "netns/1-k1uv0o3mmm")
    assert refusal.value.reason == "no_netns_directory"
