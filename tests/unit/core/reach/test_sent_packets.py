"""What decides about a container's packets besides rules, and about those that follow the first one."""

import pytest
from msgspec.structs import replace

from exporter.core.model.fib import UNICAST, RouteResult
from tests.support.nat_hosts import NEW, OLD
from tests.support.reach_hosts import ReachHost

NEIGHBOUR, OUTSIDE, SERVICE = "172.18.0.2:80", "198.51.100.1:443", "172.18.0.1:22"
UNKNOWN_PROGRAM = [("inside", "unknown", "rule_not_understood")]
TOO_SMALL = [("filter", "failed", "ttl_too_small")]
FULL = [("inside", "failed", "local_ports_exhausted")]
BEHIND, USER = "172.21.0.2:80", ("ip", "filter", "DOCKER-USER")
FORWARD = ("ip", "filter", "FORWARD")
DROPPED = [("filter", "failed", "drop_rule")]


def programs(name: str, *types: str) -> ReachHost:
    return ReachHost().view(name, programs=frozenset(types))


@pytest.mark.parametrize(
    ("host", "target", "faults"),
    [
        (programs("client", "connect4"), NEIGHBOUR, UNKNOWN_PROGRAM),
        (programs("client", "egress"), OUTSIDE, UNKNOWN_PROGRAM),
        (
            programs("client", "sendmsg4"),
            f"{NEIGHBOUR[:-3]}:53/udp",
            [*UNKNOWN_PROGRAM, ("listener", "failed", "not_listening")],
        ),
        (programs("client", "connect6", "sendmsg4"), NEIGHBOUR, []),
        (programs("web", "ingress"), NEIGHBOUR, UNKNOWN_PROGRAM),
        (programs("web", "sk_lookup"), NEIGHBOUR, UNKNOWN_PROGRAM),
        (programs("web", "connect4"), NEIGHBOUR, []),
        (programs("db", "ingress", "connect4"), NEIGHBOUR, []),
    ],
)
def test_bpf_programs_at_a_cgroup(host: ReachHost, target: str, faults: list[tuple[str, str, str]]) -> None:
    assert host.faults(target) == faults


@pytest.mark.parametrize(("left", "faults"), [(None, []), (1, []), (0, FULL)])
def test_local_ports_that_are_left(left: int | None, faults: list[tuple[str, str, str]]) -> None:
    host = ReachHost()
    host.free_ports = left
    assert host.faults(NEIGHBOUR) == faults


def test_a_client_in_host_mode_without_a_local_port() -> None:
    host = ReachHost(NEW, replace(NEW.inventory.containers["web-id"], name="metal", id="metal-id", network_mode="host"))
    host.free_ports = 0
    assert host.faults(NEIGHBOUR, "metal") == FULL


@pytest.mark.parametrize(
    ("host", "target", "faults"),
    [
        (ReachHost().view("client", ttl=1), OUTSIDE, TOO_SMALL),
        (ReachHost().view("client", ttl=2), OUTSIDE, []),
        (ReachHost().view("client", ttl=1), NEIGHBOUR, []),
        (ReachHost().view("web", ttl=1), NEIGHBOUR, []),
        (
            ReachHost().route("client", OUTSIDE[:-4], RouteResult(UNICAST, 7, "172.18.0.1", hop_limit=1)),
            OUTSIDE,
            TOO_SMALL,
        ),
        (
            ReachHost()
            .view("client", ttl=1)
            .route("client", OUTSIDE[:-4], RouteResult(UNICAST, 7, "172.18.0.1", hop_limit=64)),
            OUTSIDE,
            [],
        ),
        (ReachHost().device("client", "eth0", hop_limit=1), "[fd00:18::2]:80", []),
    ],
)
def test_a_time_to_live_that_ends_at_the_host(host: ReachHost, target: str, faults: list[tuple[str, str, str]]) -> None:
    assert host.faults(target) == faults


@pytest.mark.parametrize(
    ("text", "target", "faults"),
    [
        ("-i br-front -m conntrack --ctstate ESTABLISHED -j DROP", OUTSIDE, DROPPED),
        ("-i br-front -p tcp --tcp-flags PSH PSH -j DROP", OUTSIDE, [("filter", "unknown", "rule_not_understood")]),
        ("-i br-front -p tcp --tcp-flags FIN,SYN FIN,SYN -j DROP", OUTSIDE, []),
        ("-m conntrack --ctstate INVALID -j DROP", OUTSIDE, []),
    ],
)
def test_the_packets_that_follow_the_first(text: str, target: str, faults: list[tuple[str, str, str]]) -> None:
    assert ReachHost().rule(FORWARD, text).faults(target) == faults


def test_the_packets_that_follow_inside_a_container() -> None:
    rule = ":INPUT ACCEPT\n-A INPUT -m conntrack --ctstate ESTABLISHED -j DROP"
    assert ReachHost().own_rules("web", rule).faults(NEIGHBOUR) == [("inside", "failed", "container_rule")]


def test_the_time_to_live_of_a_server_on_another_network() -> None:
    """The host translates the source, and forwards the answers: whether they are for itself is not seen in them."""
    accepted = ReachHost(OLD).rule(USER, "-j ACCEPT")
    assert accepted.faults(BEHIND) == []
    assert accepted.view("bare", ttl=1).faults(BEHIND) == [("back", "failed", "ttl_too_small")]
