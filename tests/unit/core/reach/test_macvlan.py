"""Clients whose device is a macvlan or ipvlan of a device of the host."""

from typing import Any

import pytest
from msgspec.structs import replace

from exporter.core.model.device_filters import DeviceFilter
from exporter.core.model.docker import Container, Link
from exporter.core.model.fib import UNICAST, RouteResult
from tests.support.builders import connect, network, run
from tests.support.nat_hosts import NEW
from tests.support.reach_hosts import ReachHost

LAN = network("lan", driver="macvlan", subnet="192.0.2.0/24")
PHONE = replace(connect(run("phone", network="lan"), "lan", ip="192.0.2.60"), endpoints=())
PHONE = connect(replace(PHONE, pid=7), "lan", ip="192.0.2.60", gateway="192.0.2.1")
PRINTER = replace(connect(replace(PHONE, name="printer", id="printer-id", endpoints=()), "lan", ip="192.0.2.61"), pid=8)


def on(kind: str = "macvlan", *more: Container) -> ReachHost:
    """Two containers on a network whose parent is eth0 of the host."""
    host = ReachHost(NEW, LAN, PHONE, PRINTER, *more).view("printer", listeners=())
    for name in ("phone", "printer"):
        host.device(name, "eth0", kind=kind, peer_ifindex=2)
    return host.view("printer", listeners=("0.0.0.0:631",))


SHIM = Link(40, "shim", "macvlan", peer_ifindex=2, carrier=True)
CASES: dict[str, tuple[ReachHost, str, list[tuple[str, str, str]]]] = {
    "outside": (on(), "198.51.100.1", []),
    "a neighbour that is no container": (on(), "192.0.2.99:80", []),
    "each other": (on(), "192.0.2.61:631", []),
    "not listening": (on(), "192.0.2.61:80", [("listener", "failed", "not_listening")]),
    "the host": (on(), "192.0.2.10:22", [("link", "failed", "macvlan_host")]),
    "the host's own macvlan": (
        on().with_device("", SHIM, "192.0.2.11"), "192.0.2.11:22", [("link", "unknown", "link_unknown")]
    ),
    "the host's bridge behind a router": (on(), "172.17.0.1:22", [("link", "unknown", "link_unknown")]),
    "a container behind a router": (on(), "172.18.0.2:80", [("link", "unknown", "link_unknown")]),
    "parent down": (on().device("", "eth0", up=False), "198.51.100.1", [("link", "failed", "uplink_down")]),
    "parent without carrier": (
        on().device("", "eth0", carrier=False), "198.51.100.1", [("link", "failed", "uplink_down")]
    ),
    "filter at the parent": (
        on().view("", filters=(DeviceFilter(2, "egress", "tc filter u32"),)), "198.51.100.1",
        [("link", "unknown", "rule_not_understood")],
    ),
    "parent unknown": (
        on().device("phone", "eth0", peer_ifindex=99), "198.51.100.1", [("link", "unknown", "link_unknown")]
    ),
    "host not readable": (on().unread("", "namespace"), "198.51.100.1", [("link", "unknown", "privilege_missing")]),
    "ipvlan": (on("ipvlan"), "198.51.100.1", [("link", "unknown", "link_unknown")]),
    "each other in mode private": (
        on().device("phone", "eth0", mode=1), "192.0.2.61:631", [("link", "failed", "macvlan_mode")]
    ),
    "each other in mode vepa": (
        on().device("printer", "eth0", mode=2), "192.0.2.61:631", [("link", "unknown", "macvlan_mode")]
    ),
    "each other in mode bridge": (on().device("printer", "eth0", mode=4), "192.0.2.61:631", []),
    "outside in mode private": (on().device("phone", "eth0", mode=1), "198.51.100.1", []),
    "server's device down": (
        on().device("printer", "eth0", up=False), "192.0.2.61:631", [("link", "failed", "device_down")]
    ),
    "server's address lost": (
        on().device("printer", "eth0", ("fe80::1",)), "192.0.2.61:631", [("link", "failed", "container_address_lost")]
    ),
    "own device down": (
        on().device("phone", "eth0", up=False).route("phone", "198.51.100.1", RouteResult(UNICAST, 7)), "198.51.100.1",
        [("link", "failed", "device_down")],
    ),
    "own rules": (
        on().own_rules("phone", ":OUTPUT DROP"), "198.51.100.1", [("inside", "failed", "container_rule")]
    ),
}  # fmt: skip


@pytest.mark.parametrize(("host", "target", "faults"), CASES.values(), ids=CASES)
def test_the_way_by_a_parent_device(
    host: ReachHost, target: str, faults: list[tuple[str, str, str]], sentence: Any
) -> None:
    assert host.faults(target, "phone") == faults
    assert host.path(target, "phone").steps[-1].detail == sentence


@pytest.mark.parametrize("kind", ["macvlan", "ipvlan"])
@pytest.mark.parametrize("source", ["client", "monitor"])
def test_the_host_does_not_reach_a_device_of_its_own_uplink(source: str, kind: str, sentence: Any) -> None:
    """Neither do containers whose packets it forwards; by a router, or a macvlan device of its own, it does."""
    host = on(kind, connect(run("monitor", network="host"), "host"))
    assert host.faults("192.0.2.61:631", source) == [("outside", "failed", "macvlan_host")]
    assert [s.detail for s in host.path("192.0.2.61:631", source).steps if s.state != "ok"] == [sentence]
    assert host.faults("192.0.2.77:631", source) == []


def test_the_host_reaches_it_by_a_macvlan_device_of_its_own_and_by_a_router() -> None:
    shim = RouteResult(UNICAST, 40, source="192.0.2.11")
    by_shim = on().with_device("", SHIM, "192.0.2.11").route("", "192.0.2.61", shim, "172.18.0.3", 4)
    assert by_shim.faults("192.0.2.61:631") == []
    routed = on().route("", "192.0.2.61", RouteResult(UNICAST, 2, "192.0.2.1"), "172.18.0.3", 4)
    assert routed.faults("192.0.2.61:631") == []


def test_the_gateway_of_a_macvlan_network_is_not_the_host() -> None:
    path = on().path("host:22", "phone")
    assert (path.target.address, path.verdict) == ("192.0.2.10", "unreachable")
