"""The container's own end of `explain PORT`: added where all else is ok, silent on an ordinary host."""

from typing import Any

import pytest
from msgspec.structs import replace

from exporter.core.explain.path import FAILED, OK, Explanation, Path, Step
from exporter.core.model.device_filters import DeviceFilter
from exporter.core.model.docker import Link
from exporter.core.model.fib import RouteResult
from exporter.core.model.ipsec import IpsecPolicy
from exporter.core.model.sockets import ProxyUse
from exporter.core.nat.ruleset import Base
from exporter.core.reach.context import ReachContext
from exporter.core.reach.servers_end import with_servers_end
from exporter.core.reach.uplinks import uplink_step
from exporter.core.reach.view import Neighbour
from tests.support.nat_hosts import NEW
from tests.support.port_hosts import socket
from tests.support.reach_hosts import ReachHost
from tests.support.reach_namespaces import NO_ROUTE
from tests.support.servers_end import added


def test_an_ordinary_container_adds_nothing() -> None:
    assert added(ReachHost()) == []
    assert added(ReachHost(), addresses=("0.0.0.0", "::")) == []


def via(hop: str) -> RouteResult:
    """A route of the container web through a next hop."""
    return RouteResult("unicast", 7, hop, source="172.18.0.2")


def tunnelled(*clients: str) -> ReachHost:
    """The answers of web to some clients leave by a device of a VPN in its namespace."""
    host = ReachHost().with_device("web", Link(9, "wg0", "wireguard", carrier=True), "10.9.0.2")
    for client in clients:
        host.route("web", client, RouteResult("unicast", 9, source="10.9.0.2"), "172.18.0.2")
    return host


NEAR = "192.0.2.1"  # a client on the host's own network
REFUSED = RouteResult(error=22)
NO_HOP = ("back", "failed", "next_hop_unknown")
MAC = "02:42:00:00:00:01"
NO_UPLINK = ("host", "unknown", "uplink_down")
UNCONFIRMED = ("host", "unknown", "gateway_unconfirmed")
SOURCE_PORT: dict[str, Any] = {"protocol": "tcp", "source_port": 80}


def answering(mac_address: str, *, learned: bool) -> Neighbour:
    """The neighbour entry that the host has of its gateway."""
    return Neighbour(2, NEAR, mac_address, learned=learned)


OF_NEIGHBOURS = "-s 192.0.2.0/24 -p tcp --dport 80 -j DROP"
FAULTS = {
    "a rule of its own for neighbours": (
        ReachHost().own_rules("web", f":INPUT ACCEPT\n-A INPUT {OF_NEIGHBOURS}", "filter"),
        ("inside", "unknown", "container_rule"),
    ),
    "a rule of its own for all but neighbours": (
        ReachHost().own_rules("web", f":INPUT ACCEPT\n-A INPUT ! {OF_NEIGHBOURS}", "filter"),
        ("inside", "unknown", "container_rule"),
    ),
    "an IPsec policy of its own for neighbours": (
        ReachHost().view("web", ipsec=(IpsecPolicy("out", "0.0.0.0/0", "192.0.2.0/24", "allow"),)),
        ("inside", "unknown", "rule_not_understood"),
    ),
    "a rule of its own": (
        ReachHost().own_rules("web", ":INPUT ACCEPT\n-A INPUT -p tcp --dport 80 -j DROP", "filter"),
        ("inside", "failed", "container_rule"),
    ),
    "no default route": (
        ReachHost().route("web", "8.8.8.8", NO_ROUTE).route("web", NEAR, NO_ROUTE),
        ("back", "failed", "no_route_back"),
    ),
    "no route to the host's own network": (
        ReachHost().route("web", NEAR, NO_ROUTE),
        ("back", "unknown", "no_route_back"),
    ),
    "rp_filter": (
        ReachHost().route("web", "172.18.0.2", REFUSED, "8.8.8.8", 7).route("web", "172.18.0.2", REFUSED, NEAR, 7),
        ("back", "failed", "source_refused"),
    ),
    "a next hop that no device has": (
        ReachHost().route("web", "8.8.8.8", via("172.18.0.99")).route("web", NEAR, via("172.18.0.99")),
        NO_HOP,
    ),
    "a policy rule for the server's port": (
        ReachHost()
        .route("web", "8.8.8.8", NO_ROUTE, "172.18.0.2", **SOURCE_PORT)
        .route("web", NEAR, NO_ROUTE, "172.18.0.2", **SOURCE_PORT),
        ("back", "failed", "no_route_back"),
    ),
    "a policy rule for the server's user": (
        ReachHost()
        .view("web", listeners=(socket("0.0.0.0:80", uid=1000),))
        .route("web", "8.8.8.8", NO_ROUTE, "172.18.0.2", uid=1000, **SOURCE_PORT)
        .route("web", NEAR, NO_ROUTE, "172.18.0.2", uid=1000, **SOURCE_PORT),
        ("back", "failed", "no_route_back"),
    ),
    "a host end with a smaller MTU": (
        ReachHost().device("", "veth-web", mtu=1280),
        ("mtu", "unknown", "mtu_mismatch"),
    ),
    "a port of a bridge that is down": (
        ReachHost().device("", "eth0", master_ifindex=40).with_device("", Link(40, "br0", "bridge", up=False)),
        NO_UPLINK,
    ),
    "a gateway that does not answer": (
        ReachHost().view("", neighbours=(answering("", learned=True),)),
        UNCONFIRMED,
    ),
    "a gateway's entry by hand": (
        ReachHost().view("", neighbours=(answering(MAC, learned=False),)),
        UNCONFIRMED,
    ),
    "a VPN inside that takes all": (tunnelled("8.8.8.8", NEAR), ("back", "failed", "next_hop_unknown")),
    "a VPN inside that takes the internet": (tunnelled("8.8.8.8"), ("back", "unknown", "next_hop_unknown")),
    "a full queue": (
        ReachHost().view("web", full=frozenset({("tcp", "0.0.0.0", 80)})),
        ("listener", "failed", "backlog_full"),
    ),
    "a stopped process": (
        ReachHost().view("web", listeners=(socket("0.0.0.0:80", inode=5),), stopped={5: 77}),
        ("listener", "failed", "server_stopped"),
    ),
    "one of two processes stopped": (
        ReachHost().view(
            "web", listeners=(socket("0.0.0.0:80", inode=5), socket("0.0.0.0:80", inode=6)), stopped={5: 77}
        ),
        ("listener", "unknown", "server_stopped"),
    ),
    "a server on another address": (
        ReachHost().view("web", listeners=("10.0.0.9:80",)),
        ("listener", "failed", "wrong_address"),
    ),
    "the uplink down": (ReachHost().device("", "eth0", up=False), NO_UPLINK),
    "the uplink without carrier": (ReachHost().device("", "eth0", carrier=False), NO_UPLINK),
    "the uplink without an address of IPv4": (
        ReachHost().device("", "eth0", addresses=("2001:db8::10", "fe80::1")),
        NO_UPLINK,
    ),
    "an uplink that answers no ARP": (ReachHost().device("", "eth0", answers=False, mac_address=MAC), NO_UPLINK),
    "a rule for ARP at the uplink": (
        ReachHost().view("", filters=(DeviceFilter(2, "input", "rules of nftables for ARP"),)),
        ("host", "unknown", "rule_not_understood"),
    ),
    "the uplink without ARP": (ReachHost().device("", "eth0", arp=False, mac_address=MAC), NO_UPLINK),
    "another container as next hop": (
        ReachHost().route("web", "8.8.8.8", via("172.18.0.3")),
        ("back", "unknown", "next_hop_unknown"),
    ),
    "a next hop behind a port that is not a container's": (
        ReachHost()
        .with_device("", Link(30, "tap0", "tun", master_ifindex=4, carrier=True))
        .route("web", "8.8.8.8", via("172.18.0.99")),
        ("back", "unknown", "next_hop_unknown"),
    ),
    "no address": (ReachHost().device("web", "eth0", addresses=()), ("link", "failed", "container_address_lost")),
    "not visited": (ReachHost().unread("web", "namespace"), ("inside", "unknown", "privilege_missing")),
}


@pytest.mark.parametrize(("host", "fault"), FAULTS.values(), ids=FAULTS)
def test_a_fault_inside_is_added(host: ReachHost, fault: tuple[str, str, str]) -> None:
    assert added(host) == [fault]


ORDINARY = {
    "a policy rule for another port": ReachHost().route(
        "web", NEAR, NO_ROUTE, "172.18.0.2", protocol="tcp", source_port=81
    ),
    "a policy rule for another user": ReachHost().route("web", NEAR, NO_ROUTE, "172.18.0.2", uid=1000, **SOURCE_PORT),
    "a container with a smaller MTU": ReachHost().device("web", "eth0", mtu=1280),
    "a gateway that answered": ReachHost().view("", neighbours=(answering(MAC, learned=True),)),
    "a gateway's entry by hand, and a learned one of IPv6": ReachHost().view(
        "", neighbours=(answering(MAC, learned=False), Neighbour(2, "fe80::1", MAC, learned=True))
    ),
    "another neighbour that does not answer": ReachHost().view(
        "", neighbours=(Neighbour(2, "192.0.2.77", "", learned=True),)
    ),
    "a smaller MTU of the uplink": ReachHost().device("", "eth0", mtu=1400),
}


@pytest.mark.parametrize("host", ORDINARY.values(), ids=ORDINARY)
def test_an_ordinary_setting_adds_nothing(host: ReachHost) -> None:
    assert added(host) == []


OUTPUT = ("ip", "filter", "OUTPUT")


@pytest.mark.parametrize(
    ("rule", "mtu", "found"),
    [
        ("-p icmp -j DROP", 1400, ["unknown"]),
        ("-m conntrack --ctstate RELATED -j DROP", 1400, ["unknown"]),
        ("-p icmp -m u32 --u32 0=1 -j DROP", 1400, ["unknown"]),
        ("-p icmp -j DROP", 1500, []),
        ("-p tcp -j DROP", 1400, []),
    ],
)
def test_a_smaller_mtu_of_which_a_container_is_not_told(rule: str, mtu: int, found: list[str], sentence: Any) -> None:
    host = ReachHost(NEW.with_table(OUTPUT, Base("output", "ACCEPT", "filter", 0), rule)).device("", "eth0", mtu=mtu)
    assert added(host) == [("mtu", state, "icmp_dropped") for state in found]
    assert host.faults("198.51.100.1") == [("mtu", state, "icmp_dropped") for state in found]
    for step in host.path("198.51.100.1").steps:
        assert step.state == OK or step.detail == sentence


def test_a_client_whose_host_end_has_a_smaller_mtu() -> None:
    host = ReachHost().device("", "veth-client", mtu=1280)
    assert host.faults("198.51.100.1") == [("mtu", "unknown", "mtu_mismatch")]


def test_a_port_of_both_families_on_a_host_that_lost_its_address() -> None:
    assert added(ReachHost().device("", "eth0", addresses=("fe80::1",)), addresses=("0.0.0.0", "::")) == [NO_UPLINK]
    assert added(ReachHost().device("", "eth0", addresses=("2001:db8::10",)), addresses=("0.0.0.0", "::")) == []


def test_a_host_without_ipv6_has_no_fault_of_an_uplink() -> None:
    host = ReachHost().device("", "eth0", addresses=("192.0.2.10",))
    path = Path("tcp", ("::",), 8080, "web", 80, ())
    assert uplink_step(ReachContext(host.observation(), host._visit), path) is None


def test_a_host_without_devices_to_the_outside_has_no_fault_of_an_uplink() -> None:
    host = ReachHost().without_device("", "eth0")
    host.uplinks = ()
    assert added(host) == []


@pytest.mark.parametrize(
    "change",
    [
        {"arp": False, "mac_address": "", "kind": "ppp"},
        {"arp": False, "mac_address": MAC, "kind": "ipvlan"},
        {"master_ifindex": 40},  # of a VRF device
    ],
)
def test_an_uplink_of_another_kind_is_no_fault(change: dict[str, Any]) -> None:
    host = ReachHost().with_device("", Link(40, "red", "vrf", carrier=True)).device("", "eth0", **change)
    path = Path("tcp", ("0.0.0.0",), 8080, "web", 80, ())
    assert uplink_step(ReachContext(host.observation(), host._visit), path) is None


@pytest.mark.parametrize(
    ("result", "address", "fault"),
    [
        (RouteResult("unicast", 2), "0.0.0.0", True),
        (RouteResult("unicast", 2), "192.0.2.10", True),
        (RouteResult(error=110), "0.0.0.0", False),  # it could not be made
        (RouteResult("local", 1), "0.0.0.0", False),
    ],
)
def test_the_hosts_own_address_without_its_local_route(
    result: RouteResult, address: str, *, fault: bool, sentence: Any
) -> None:
    host = ReachHost().route("", "192.0.2.10", result, NEAR, 2)
    path = Path("tcp", (address,), 8080, "web", 80, ())
    step = uplink_step(ReachContext(host.observation(), host._visit), path)
    assert (step is not None) == fault
    assert step is None or (step.code, step.detail) == ("uplink_down", sentence)


def test_an_address_of_ipv6_alone_without_its_local_route(sentence: Any) -> None:
    host = ReachHost().route("", "2001:db8::10", RouteResult("unicast", 2), "2001:db8::1", 2)
    path = Path("tcp", ("0.0.0.0", "::"), 8080, "web", 80, ())
    step = uplink_step(ReachContext(host.observation(), host._visit), path)
    assert step is not None
    assert (step.state, step.code, step.detail) == ("unknown", "uplink_down", sentence)


def test_a_bridge_of_virtual_machines_is_no_uplink() -> None:
    bridge = Link(40, "virbr0", "bridge", carrier=True)
    host = ReachHost().device("", "eth0", up=False).with_device("", bridge, "10.8.0.1")
    host.with_device("", Link(41, "vnet0", "tun", master_ifindex=40, carrier=True))
    assert added(host) == [NO_UPLINK]


def test_a_bridge_over_a_network_card_is_an_uplink() -> None:
    host = ReachHost().device("", "eth0", addresses=(), master_ifindex=40)
    path = Path("tcp", ("0.0.0.0",), 8080, "web", 80, ())
    host.with_device("", Link(40, "br0", "bridge", carrier=True))
    assert uplink_step(ReachContext(host.observation(), host._visit), path) is not None
    host.device("", "br0", addresses=("192.0.2.10",))
    assert uplink_step(ReachContext(host.observation(), host._visit), path) is None


@pytest.mark.parametrize(
    ("own_only", "address", "fault"),
    [(True, "203.0.113.5", True), (False, "203.0.113.5", False), (True, "192.0.2.10", False), (True, "0.0.0.0", False)],
)
def test_an_address_of_another_device_for_which_no_uplink_answers_arp(
    address: str, *, own_only: bool, fault: bool, sentence: Any
) -> None:
    host = ReachHost().device("", "eth0", own_only=own_only, mac_address=MAC)
    host.with_device("", Link(50, "vip0", "dummy", carrier=True), "203.0.113.5")
    path = Path("tcp", (address,), 8080, "web", 80, ())
    step = uplink_step(ReachContext(host.observation(), host._visit), path)
    assert (step is not None) == fault
    assert step is None or (step.code, step.detail) == ("uplink_down", sentence)


@pytest.mark.parametrize(
    ("card", "fault"),
    [
        ({"carrier": False}, True),
        ({"up": False}, True),
        ({"port_state": 4}, True),
        ({"locked": True}, True),
        ({"port_state": 3}, False),
        ({}, False),
    ],
)
def test_a_virtual_machine_keeps_the_carrier_of_a_bridge_whose_card_has_none(
    card: dict[str, Any], *, fault: bool, sentence: Any
) -> None:
    host = ReachHost().device("", "eth0", addresses=(), master_ifindex=40, **card)
    host.with_device("", Link(40, "br0", "bridge", carrier=True), "192.0.2.10")
    host.with_device("", Link(41, "vnet0", "tun", master_ifindex=40, carrier=True))
    path = Path("tcp", ("0.0.0.0",), 8080, "web", 80, ())
    step = uplink_step(ReachContext(host.observation(), host._visit), path)
    assert (step is not None) == fault
    assert step is None or (step.code, step.detail) == ("uplink_down", sentence)


def test_a_path_that_failed_before_is_left_as_it_is() -> None:
    host = ReachHost().unread("web", "namespace")
    assert (added(host, state=FAILED), host.visits) == ([], [])


INPUT = ("ip", "filter", "INPUT")
PROXY_FAULTS = {
    "answers dropped": (INPUT, "input", "-i br-front -j DROP", ["failed"]),
    "packets dropped": (OUTPUT, "output", "-o br-front -p tcp --dport 80 -j DROP", ["failed"]),
    "not understood": (OUTPUT, "output", "-o br-front -m u32 --u32 0=1 -j DROP", ["unknown"]),
    "packets to another port dropped": (OUTPUT, "output", "-o br-front -p tcp --dport 81 -j DROP", []),
    "answers of another bridge dropped": (INPUT, "input", "-i br-back -j DROP", []),
}


@pytest.mark.parametrize(("place", "hook", "rule", "states"), PROXY_FAULTS.values(), ids=PROXY_FAULTS)
def test_the_rules_for_docker_proxys_own_connection(
    place: tuple[str, str, str], hook: str, rule: str, states: list[str], sentence: Any
) -> None:
    base = Base(hook, "ACCEPT", "filter", 0)
    without_rules = NEW.with_rules(replace(NEW.rules, chains={}, bases={})).with_table(place, base, rule)
    for rules, address in ((NEW.with_table(place, base, rule), "127.0.0.1"), (without_rules, "0.0.0.0")):
        host = ReachHost(rules)
        host.more = {"proxies": {"web": ProxyUse(1)}}
        path = Path("tcp", (address,), 8080, "web", 80, (Step("published", OK, "published"),))
        [found] = with_servers_end(Explanation("8080", (path,)), host.observation(), host._visit).paths
        assert [one.state for one in found.steps[1:]] == states
        assert [one.detail for one in found.steps[1:]] == [sentence for _ in states]


def test_rules_for_docker_proxys_connection_are_no_matter_of_a_port_that_is_translated() -> None:
    host = ReachHost(NEW.with_table(INPUT, Base("input", "ACCEPT", "filter", 0), "-i br-front -j DROP"))
    host.more = {"proxies": {"web": ProxyUse(1)}}
    assert added(host) == []


def test_the_gateway_of_each_ip_version_counts() -> None:
    entries = (answering(MAC, learned=True), Neighbour(2, "2001:db8::1", MAC.replace("1", "9")))
    host = ReachHost().view("", neighbours=entries)
    assert added(host, addresses=("0.0.0.0", "::")) == [UNCONFIRMED]
    assert added(host) == []


def test_a_client_on_the_network_of_an_uplink_without_a_gateway_counts() -> None:
    """The host's default route of IPv6 is none: clients of IPv6 are on its own network."""
    blackholed = ReachHost().route("web", "2001:db8::1", RouteResult(error=22), "fd00:18::2")
    assert added(blackholed, addresses=("::",)) == [("back", "unknown", "no_route_back")]
