"""Ports of Docker's bridges that nobody owns."""

from typing import Any

import pytest
from msgspec.structs import replace

from exporter.core.model.docker import Interface, Member
from exporter.core.network.context import NetworkContext
from exporter.core.network.rules.orphan_veth import check
from tests.support.builders import bridge, device, network, veth
from tests.support.findings import network_finding
from tests.support.scenes import BR_FRONT, DB, FRONT, INSIDE, LINKS, WEB, host, scene

STRANGER_MAC, SANDBOX_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02"
STRAY = veth("veth-stray", 20, master=3, nsid=9, peer=7)
HAND_MADE = veth("veth-hand", 21, master=3, peer=22)
OTHER_END = replace(device("veth-end", 22), kind="veth", mac_address=STRANGER_MAC, peer_ifindex=21)


def found(seen: NetworkContext) -> list[str]:
    return [finding.labels["subject"] for finding in check(seen)]


def on_bridge(*, mac: str = STRANGER_MAC, **more: Any) -> NetworkContext:
    """The ordinary host with a veth more, whose other end, in another namespace, has this MAC address."""
    inside = INSIDE | {9: (Interface(7, "eth0", mac),)} if mac else INSIDE
    return scene(on=host(*LINKS, STRAY, inside=inside), **more)


def test_a_port_that_no_endpoint_accounts_for_is_found(sentence: Any) -> None:
    assert list(check(on_bridge())) == [
        network_finding(
            "orphan_veth",
            "warning",
            "front",
            "veth-stray",
            sentence,
        )
    ]


def test_a_pair_of_which_both_ends_are_here_is_nobodys() -> None:
    assert found(scene(on=host(*LINKS, HAND_MADE, OTHER_END))) == ["veth-hand"]
    assert found(scene(on=host(*LINKS, HAND_MADE))) == ["veth-hand"]


@pytest.mark.parametrize("name", ["gateway_ingress-sbox", "front-endpoint"])
def test_an_endpoint_that_docker_made_for_itself_owns_its_veth(name: str) -> None:
    for mac in (SANDBOX_MAC, ""):
        own = {"front-net": (Member("ingress-sbox", name, "e1", SANDBOX_MAC, "172.18.0.4"),)}
        assert found(on_bridge(mac=mac, extra_members=own)) == []


def test_one_that_can_be_seen_not_to_be_that_endpoints_is_found_beside_it() -> None:
    own = {"front-net": (Member("ingress-sbox", "gateway_ingress-sbox", "e1", SANDBOX_MAC, "172.18.0.4"),)}
    assert found(on_bridge(extra_members=own)) == ["veth-stray"]


def test_where_the_other_end_cannot_be_seen_it_may_be_any_endpoint_whose_veth_is_not_known() -> None:
    """Without rights nobody's owner is known, and nobody's veth an orphan."""
    blind = host(*LINKS, STRAY, inside={}, sandboxes={})
    assert found(scene(on=blind)) == []
    assert found(scene(FRONT, WEB, DB, on=host(*LINKS, STRAY, inside={}, sandboxes={"web": 1}))) == []
    assert found(scene(FRONT, WEB, DB, on=host(*LINKS, STRAY, inside={}))) == ["veth-stray"]


def test_a_network_whose_members_are_not_known_is_not_judged() -> None:
    seen = on_bridge()
    unread = replace(seen.topology.inventory, members={})
    assert found(replace(seen, topology=replace(seen.topology, inventory=unread))) == []


def test_a_veth_on_a_bridge_that_is_not_docker_s_is_none_of_its_orphans() -> None:
    libvirt = veth("vnet0", 23, master=30, nsid=9, peer=7)
    assert found(scene(on=host(*LINKS, bridge("virbr0", 30), libvirt))) == []


def test_networks_are_told_apart() -> None:
    back = network("back", subnet="172.19.0.0/16")
    own = {"back-net": (Member("ingress-sbox", "gateway_ingress-sbox", "e1", STRANGER_MAC, "172.19.0.4"),)}
    seen = scene(
        FRONT,
        back,
        WEB,
        on=host(BR_FRONT, bridge("br-back", 4), STRAY, inside={9: (Interface(7, "eth0", STRANGER_MAC),)}),
        extra_members=own,
    )
    assert found(seen) == ["veth-stray"]
