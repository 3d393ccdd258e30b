"""The devices between two containers of one network."""

from typing import Any

import pytest
from msgspec.structs import replace

from exporter.core.model.device_filters import DeviceFilter
from exporter.core.model.docker import Link
from exporter.core.model.fib import UNICAST, RouteResult
from exporter.core.reach.view import Neighbour
from tests.support.builders import connect, run
from tests.support.nat_hosts import NEW, OLD
from tests.support.reach_hosts import ReachHost
from tests.support.reach_namespaces import CLIENT, NO_ROUTE, mac_of

TARGET = "172.18.0.2:80"


def neighbour(name: str, address: str, ifindex: int = 7, mac: str = "02:00:00:00:00:99") -> ReachHost:
    return ReachHost().view(name, neighbours=(Neighbour(ifindex, address, mac),))


def both(**fields: Any) -> ReachHost:
    return ReachHost().device("", "veth-client", **fields).device("", "veth-web", **fields)


RIGHT = Neighbour(7, "172.18.0.2", mac_of("172.18.0.2"))
BACK = Neighbour(7, "172.18.0.3", mac_of("172.18.0.3"))
THIRD = connect(run("third", network="front"), "front", ip="172.18.0.9")
THIRD = replace(THIRD, endpoints=tuple(replace(e, mac_address=mac_of("172.18.0.2")) for e in THIRD.endpoints))


def one_mac(*, learning: bool = True) -> ReachHost:
    return both(learning=learning).device("client", "eth0", mac_address=mac_of("172.18.0.2"))


def inner_port(name: str) -> ReachHost:
    """A container that has made eth0 a port of a bridge of its own, and left the address on eth0."""
    bridge = Link(9, "br0", "bridge", carrier=True)
    return ReachHost().with_device(name, bridge).device(name, "eth0", master_ifindex=9)


RENAMED = ReachHost().without_device("", "br-front").with_device("", Link(4, "br-old", "bridge", carrier=True))
CASES: dict[str, tuple[ReachHost, str, str]] = {
    "no carrier": (
        ReachHost().device("client", "eth0", carrier=False).without_device("", "veth-client"), "failed", "veth_detached"
    ),
    "hidden end": (ReachHost().device("client", "eth0", peer_ifindex=99), "unknown", "link_unknown"),
    "an end that does not point back": (
        ReachHost().device("", "veth-client", peer_ifindex=9), "unknown", "link_unknown"
    ),
    "host end down": (ReachHost().device("", "veth-client", up=False), "failed", "veth_detached"),
    "not a port": (ReachHost().device("", "veth-client", master_ifindex=0), "failed", "veth_detached"),
    "port of another bridge": (ReachHost().device("", "veth-client", master_ifindex=7), "failed", "veth_detached"),
    "bridge renamed": (RENAMED, "failed", "bridge_down"),
    "bridge down": (ReachHost().device("", "br-front", up=False), "failed", "bridge_down"),
    "port blocked": (ReachHost().device("", "veth-client", port_state=4), "failed", "port_blocked"),
    "filter at the port": (
        ReachHost().view("", filters=(DeviceFilter(20, "ingress", "XDP program"),)), "unknown", "rule_not_understood"
    ),
    "filter at the bridge": (
        ReachHost().view("", filters=(DeviceFilter(4, "ingress", "tc filter"),)), "unknown", "rule_not_understood"
    ),
    "server's address lost": (
        ReachHost().device("web", "eth0", ("fe80::1",)).route("web", "172.18.0.3", NO_ROUTE),
        "failed",
        "container_address_lost",
    ),
    "server's device down": (ReachHost().device("web", "eth0", up=False), "failed", "device_down"),
    "server's device is a port inside": (inner_port("web"), "unknown", "port_inside"),
    "client's device is a port inside": (inner_port("client"), "unknown", "port_inside"),
    "server's host end down": (ReachHost().device("", "veth-web", up=False), "failed", "veth_detached"),
    "server on another bridge": (ReachHost().device("", "veth-web", master_ifindex=7), "failed", "veth_detached"),
    "server's port blocked": (ReachHost().device("", "veth-web", port_state=0), "failed", "port_blocked"),
    "both isolated": (both(isolated=True), "failed", "port_isolated"),
    "client's neighbour": (neighbour("client", "172.18.0.2"), "failed", "wrong_neighbour"),
    "server's neighbour": (neighbour("web", "172.18.0.3"), "failed", "wrong_neighbour"),
    "fixed at another port": (neighbour("", "", 20, mac_of("172.18.0.2")), "unknown", "wrong_neighbour"),
    "fixed at the bridge": (neighbour("", "", 4, mac_of("172.18.0.2")), "unknown", "wrong_neighbour"),
    "no broadcasts": (ReachHost().device("", "veth-web", withheld="broadcasts"), "unknown", "port_restricted"),
    "locked": (ReachHost().device("", "veth-client", locked=True), "unknown", "port_restricted"),
    "VLANs": (ReachHost().device("", "br-front", vlans=True), "unknown", "port_restricted"),
    "server that answers no ARP": (ReachHost().device("web", "eth0", answers=False), "unknown", "arp_off"),
    "client without ARP": (ReachHost().device("client", "eth0", arp=False), "failed", "arp_off"),
    "server without ARP": (
        ReachHost().device("web", "eth0", arp=False), "failed", "arp_off"
    ),
    "server without ARP that answers": (
        ReachHost().device("web", "eth0", arp=False).view("web", neighbours=(BACK,)), "unknown", "arp_off"
    ),
    "one MAC address": (one_mac(), "failed", "mac_address_shared"),
    "one MAC address without learning": (one_mac(learning=False), "unknown", "mac_address_shared"),
    "the MAC address of a third": (ReachHost(NEW, THIRD), "unknown", "mac_address_shared"),
}  # fmt: skip


@pytest.mark.parametrize(("host", "state", "code"), CASES.values(), ids=CASES)
def test_a_fault_between_two_ports(host: ReachHost, state: str, code: str, sentence: Any) -> None:
    found = [s for s in host.path(TARGET).steps if s.state != "ok" and s.name == "link"][:1]
    assert [(s.state, s.code) for s in found] == [(state, code)]
    assert (found[0].detail, found[0].remedy) == (sentence, sentence)
    assert host.path(TARGET).verdict == {"failed": "unreachable", "unknown": "undetermined"}[state]


ORDINARY = {
    "nothing": ReachHost(),
    "one port isolated": ReachHost().device("", "veth-web", isolated=True),
    "a bridge inside without eth0": ReachHost().with_device("web", Link(9, "br0", "bridge", carrier=True)),
    "port states unknown": both(port_state=None, isolated=None),
    "right neighbour": neighbour("client", "172.18.0.2", mac="02:42:ac:12:00:02"),
    "neighbour of another address": neighbour("client", "172.18.0.9"),
    "neighbour at another device": neighbour("client", "172.18.0.2", ifindex=8),
    "no ARP, and both entries": (
        ReachHost()
        .device("client", "eth0", arp=False)
        .view("client", neighbours=(RIGHT,))
        .view("web", neighbours=(BACK,))
    ),
    "filter at another port": ReachHost().view("", filters=(DeviceFilter(13, "ingress", "XDP program"),)),
}


@pytest.mark.parametrize("host", ORDINARY.values(), ids=ORDINARY)
def test_an_ordinary_link_has_no_fault(host: ReachHost) -> None:
    assert (host.faults(TARGET), host.path(TARGET).verdict) == ([], "reachable")


UNUSED = "172.18.5.5"


def test_an_address_that_no_container_has(sentence: Any) -> None:
    host = ReachHost(OLD)
    assert host.faults(UNUSED) == [("link", "failed", "address_unused")]
    assert host.path(UNUSED).steps[-1].detail == sentence


def test_an_address_may_be_that_of_a_port_which_is_not_a_containers() -> None:
    host = ReachHost(OLD).with_device("", Link(30, "tap0", "tun", master_ifindex=4, carrier=True))
    assert host.faults(UNUSED) == [("link", "unknown", "address_unused")]


def test_an_address_may_be_that_of_a_container_that_could_not_be_visited() -> None:
    host = ReachHost(OLD).unread("web", "namespace")
    assert host.faults(UNUSED) == [("link", "unknown", "address_unused")]


def test_an_address_may_be_that_of_one_of_many_containers_that_were_not_searched() -> None:
    many = [connect(run(f"c{number}", network="front"), "front", ip=f"172.18.1.{number}") for number in range(33)]
    assert ReachHost(OLD, *many).faults(UNUSED) == [("link", "unknown", "address_unused")]


def test_an_address_that_a_container_has_without_docker_is_followed() -> None:
    host = ReachHost(OLD).device("web", "eth0", ("172.18.0.2", UNUSED))
    assert host.path(f"{UNUSED}:80").verdict == "reachable"
    assert host.path(f"{UNUSED}:80").target.address == UNUSED


def test_an_address_of_another_network_that_this_one_covers(sentence: Any) -> None:
    """A route of the client takes it to its own network."""
    route = RouteResult(UNICAST, 7, source="172.18.0.3")
    host = ReachHost(OLD).route("client", "172.21.0.2", route)
    assert host.faults("172.21.0.2:80") == [("link", "failed", "subnet_overlap")]
    assert host.path("172.21.0.2:80").steps[-1].detail == sentence


def test_an_address_of_another_device_of_the_host_on_the_link_is_unknown() -> None:
    host = ReachHost(NEW).route("client", "172.21.0.1", RouteResult(UNICAST, 7, source="172.18.0.3"))
    assert host.faults("172.21.0.1") == [("link", "unknown", "next_hop_unknown")]


def test_an_address_of_the_client_itself() -> None:
    path = ReachHost().view("client", listeners=("0.0.0.0:90",)).path("172.18.0.3:90")
    assert [(s.name, s.state) for s in path.steps] == [("route", "ok"), ("listener", "ok")]
    assert path.source.container == CLIENT.name


def test_a_learned_neighbour_entry_that_is_wrong_until_it_expires() -> None:
    def learned(mac: str) -> ReachHost:
        return ReachHost().view("client", neighbours=(Neighbour(7, "172.18.0.2", mac, learned=True),))

    assert learned("02:00:00:00:00:99").faults(TARGET) == [("link", "unknown", "wrong_neighbour")]
    assert learned(mac_of("172.18.0.2")).faults(TARGET) == []
    assert learned("").faults(TARGET) == []


def test_a_device_that_sends_no_requests_of_arp() -> None:
    silent = ReachHost().device("client", "eth0", requests_arp=False)
    assert silent.faults(TARGET) == [("link", "unknown", "arp_off")]
    assert silent.view("client", neighbours=(RIGHT,)).faults(TARGET) == []
