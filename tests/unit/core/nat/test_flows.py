"""Connections counted by what they belong to, and those that are stale."""

import pytest
from msgspec.structs import replace

from exporter.core.nat.context import StaleFlow
from exporter.core.nat.expected import expected
from exporter.core.nat.flows import FlowCounts, Flows, count_flows, udp_ports
from tests.support.builders import network, run
from tests.support.nat_hosts import NEW, OLD, host, published

LOCAL = frozenset({"192.0.2.10", "172.17.0.1", "172.18.0.1", "2001:db8::10"})
CLIENT, CLIENT6 = "198.51.100.7", "2001:db8:9::7"
NO_CONNECTIONS: dict[tuple[str, ...], int] = {
    ("dns", "udp", "53"): 0,
    ("web", "tcp", "8080"): 0,
    ("web", "tcp", "8082"): 0,
    ("web", "tcp", "8443"): 0,
    ("bare", "tcp", "8083"): 0,
}


def counted(flows: Flows) -> FlowCounts:
    return count_flows(flows, NEW.expected(), LOCAL)


def stale(*direct: tuple[int, str, str], led: tuple[tuple[str, int, str], ...] = ()) -> tuple[StaleFlow, ...]:
    return counted(Flows(published=dict.fromkeys(led, 1), direct=frozenset(direct))).stale


def test_a_host_without_connections_has_a_zero_for_each_port() -> None:
    assert counted(Flows()) == FlowCounts({}, NO_CONNECTIONS, ())


def test_connections_are_counted_by_container_and_by_port() -> None:
    flows = Flows(
        addresses={("tcp", "172.18.0.2"): 3, ("udp", "172.18.0.2"): 1, ("tcp", CLIENT): 9, ("tcp", "172.17.0.2"): 2},
        published={
            ("tcp", 8080, "172.18.0.2"): 2,
            ("tcp", 8080, "fd00:18::2"): 1,
            ("tcp", 9999, "172.18.0.2"): 5,
            ("tcp", 8080, "172.17.0.2"): 7,
            ("udp", 53, "192.0.2.99"): 4,
        },
    )
    found = counted(flows)
    assert found.containers == {("web", "tcp"): 3, ("web", "udp"): 1, ("dns", "tcp"): 2}
    assert found.ports == NO_CONNECTIONS | {("web", "tcp", "8080"): 3}


def test_both_families_of_a_container_are_one_count() -> None:
    found = counted(Flows(addresses={("tcp", "172.18.0.2"): 3, ("tcp", "fd00:18::2"): 4}))
    assert found.containers == {("web", "tcp"): 7}


def test_the_ports_to_ask_for_are_the_published_ones_of_udp() -> None:
    assert udp_ports(NEW.expected()) == {53}
    more = host(published(run("more"), "53:53/udp", "5353:53/udp", "80:80"))
    assert udp_ports(expected(replace(more, networks={}))) == frozenset()


def test_a_clients_flow_that_no_rule_led_on_is_stuck_with_the_host() -> None:
    """It began while the container was away, and goes on as long as the client sends."""
    assert stale((53, "192.0.2.10", CLIENT)) == (StaleFlow("udp", 53, "the host itself (192.0.2.10)"),)


def test_several_clients_are_stuck_in_one_place() -> None:
    assert len(stale((53, "192.0.2.10", CLIENT), (53, "192.0.2.10", "198.51.100.8"))) == 1


@pytest.mark.parametrize(
    ("port", "destination", "source"),
    [
        (53, "9.9.9.9", "172.17.0.2"),
        (53, "9.9.9.9", "192.0.2.10"),
        (53, "9.9.9.9", CLIENT),
        (53, "224.0.0.251", CLIENT),
        (53, "172.17.0.1", "172.17.0.2"),
        (53, "192.0.2.10", "172.18.0.9"),
        (53, "127.0.0.1", "127.0.0.1"),
        (54, "192.0.2.10", CLIENT),
        (53, "172.17.0.2", "192.0.2.10"),
    ],
    ids=[
        "a name server asks another",
        "the host asks a name server",
        "routed through the host",
        "multicast",
        "a container of its own network, by docker-proxy",
        "a container, by the host's address",
        "the loopback",
        "a port that is not published",
        "the host sends to the container itself",
    ],
)
def test_what_was_never_meant_for_the_port_is_not_stuck(port: int, destination: str, source: str) -> None:
    assert stale((port, destination, source)) == ()


def test_a_port_on_one_address_takes_what_is_sent_there() -> None:
    one = host(published(run("dns", ip="172.17.0.2"), "192.0.2.10:53:53/udp"), *NEW.inventory.networks.values())
    flows = Flows(direct=frozenset({(53, "192.0.2.10", CLIENT), (53, "172.18.0.1", CLIENT)}))
    found = count_flows(flows, expected(one), LOCAL)
    assert found.stale == (StaleFlow("udp", 53, "the host itself (192.0.2.10)"),)


def test_a_port_of_ipv6_that_only_docker_proxy_serves_is_never_led_on() -> None:
    """The container has no address of IPv6, so there is no rule for it."""
    assert stale((53, "2001:db8::10", CLIENT6)) == ()
    both = host(
        *NEW.inventory.networks.values(),
        published(replace(NEW.inventory.containers["web-id"], details=None), "53:53/udp"),
    )
    flows = Flows(direct=frozenset({(53, "2001:db8::10", CLIENT6)}))
    assert count_flows(flows, expected(both), LOCAL).stale == (StaleFlow("udp", 53, "the host itself (2001:db8::10)"),)


def test_a_flow_that_was_led_to_an_address_that_nobody_has_is_stuck() -> None:
    assert stale(led=(("udp", 53, "172.17.0.77"),)) == (StaleFlow("udp", 53, "172.17.0.77, which no container has"),)


@pytest.mark.parametrize(
    "led",
    [
        ("udp", 53, "172.17.0.2"),
        ("tcp", 53, "172.17.0.77"),
        ("udp", 54, "172.17.0.77"),
        # somebody else's translation, to a virtual machine
        ("udp", 53, "192.168.122.5"),
    ],
)
def test_one_that_was_led_to_somebody_is_not(led: tuple[str, int, str]) -> None:
    assert stale(led=(led,)) == ()


def test_while_some_members_are_not_known_nobody_is_nobody() -> None:
    members = {key: value for key, value in OLD.inventory.members.items() if key != "back-net"}
    unread = expected(replace(OLD.inventory, members=members))
    flows = Flows(published={("udp", 53, "172.17.0.77"): 1})
    assert count_flows(flows, unread, LOCAL).stale == ()


def test_without_a_published_port_of_udp_nothing_is_stuck() -> None:
    quiet = expected(host(network("bridge", bridge="docker0", subnet="172.17.0.0/16")))
    flows = Flows(published={("udp", 53, "172.17.0.77"): 1}, direct=frozenset({(53, "192.0.2.10", CLIENT)}))
    assert count_flows(flows, quiet, LOCAL) == FlowCounts({}, {}, ())
