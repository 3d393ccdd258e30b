"""The client's route, and why it has none."""

import errno
from typing import Any

import pytest
from msgspec.structs import replace

from exporter.core.model.fib import UNICAST, RouteResult
from tests.support.builders import connect, run
from tests.support.nat_hosts import NEW, OLD
from tests.support.reach_hosts import ReachHost
from tests.support.reach_namespaces import CLIENT, NO_ROUTE

OUT = "198.51.100.1"
ORDINARY = replace(CLIENT, network_mode="front")
ALONE = run("alone", network="none")
TWO = connect(ORDINARY, "open", ip="172.21.0.9", gateway="172.21.0.1")
REFUSALS = {errno.EINVAL: "blackhole", errno.EHOSTUNREACH: "unreachable", errno.EACCES: "prohibit"}
NOT_ROUTES = (errno.EPERM, errno.ETIMEDOUT, errno.EBADMSG, errno.ENOBUFS)


def refused(error: int, target: str = OUT) -> ReachHost:
    return ReachHost().route("client", target, RouteResult(error=error))


CASES: dict[str, tuple[ReachHost, str, str, str]] = {
    "default route gone": (refused(errno.ENETUNREACH), "client", OUT, "default_route_lost"),
    "address lost": (
        ReachHost().device("client", "eth0", ("fe80::1",)).route("client", OUT, NO_ROUTE),
        "client",
        OUT,
        "container_address_lost",
    ),
    "device down": (ReachHost().device("client", "eth0", up=False), "client", OUT, "device_down"),
    "internal networks": (ReachHost(), "db", OUT, "internal_only"),
    "mode none": (ReachHost(NEW, ALONE), "alone", OUT, "no_network"),
    "disconnected": (ReachHost(NEW, replace(ORDINARY, endpoints=())), "client", OUT, "no_network"),
    "no IPv6": (ReachHost(), "mute", "2001:db8::77", "no_ipv6"),
    "IPv6 off": (ReachHost().route("mute", "2001:db8::77", RouteResult(error=errno.EAFNOSUPPORT)), "mute",
                 "2001:db8::77", "no_ipv6"),
    "IPv6 lost": (
        ReachHost().device("client", "eth0", ("172.18.0.3",)).route("client", "2001:db8::77", NO_ROUTE),
        "client",
        "2001:db8::77",
        "container_address_lost",
    ),
    "no route of IPv6": (refused(errno.ENETUNREACH, "2001:db8::77"), "client", "2001:db8::77", "no_route"),
    **{name: (refused(error), "client", OUT, "route_refused") for error, name in REFUSALS.items()},
}  # fmt: skip


@pytest.mark.parametrize(("host", "source", "target", "code"), CASES.values(), ids=CASES)
def test_why_there_is_no_route(host: ReachHost, source: str, target: str, code: str, sentence: Any) -> None:
    assert host.faults(target, source) == [("route", "failed", code)]
    [step] = host.path(target, source).steps
    assert (step.detail, step.remedy) == (sentence, sentence)


@pytest.mark.parametrize("error", NOT_ROUTES)
@pytest.mark.parametrize("namespace", ["client", ""])
def test_a_lookup_that_failed_is_unknown(namespace: str, error: int) -> None:
    host = ReachHost().route(namespace, OUT, RouteResult(error=error), *(("172.18.0.3", 4) if not namespace else ()))
    if not namespace:
        host.route("", OUT, RouteResult(error=error))
    assert host.faults(OUT) == [("route", "unknown", "route_unknown")]


def test_a_device_that_was_not_read_is_unknown() -> None:
    assert ReachHost().route("client", OUT, RouteResult(UNICAST, 99)).faults(OUT) == [
        ("route", "unknown", "route_unknown")
    ]
    host = ReachHost().route("", OUT, RouteResult(UNICAST, 99), "172.18.0.3", 4)
    assert host.faults(OUT) == [("route", "unknown", "route_unknown")]


def test_a_route_of_another_type_is_unknown() -> None:
    host = ReachHost().route("client", OUT, RouteResult("throw", 7))
    assert host.faults(OUT) == [("route", "unknown", "route_unknown")]


@pytest.mark.parametrize("kind", ["broadcast", "multicast"])
@pytest.mark.parametrize("source", ["client", "monitor"])
def test_tcp_does_not_connect_to_several_hosts(source: str, kind: str, sentence: Any) -> None:
    namespace = "" if source == "monitor" else source
    host = ReachHost(NEW, connect(run("monitor", network="host"), "host"))
    host.route(namespace, OUT, RouteResult(kind, 7 if namespace else 2))
    assert host.faults(f"{OUT}:80", source) == [("route", "failed", "group_address")]
    assert host.faults(f"{OUT}:80/udp", source) == [("route", "unknown", "group_address")]
    [step] = host.path(f"{OUT}:80", source).steps
    assert (step.detail, step.remedy) == (sentence, sentence)


def test_the_network_with_the_default_route_is_named(sentence: Any) -> None:
    """Its first network in the order of names is front."""
    path = ReachHost(NEW, TWO).path(OUT)
    assert (path.source.network, path.source.address, path.steps[0].detail) == ("front", "172.18.0.3", sentence)
    other = ReachHost(NEW, TWO).device("client", "eth1", kind="veth").path("172.21.0.2:80")
    assert (other.source.interface, other.source.network, other.steps[0].detail) == ("eth1", "open", sentence)


def test_the_mtu_is_that_of_the_route_where_it_has_one() -> None:
    assert ReachHost().path("172.18.0.2:80").mtu == 1500
    learned = RouteResult(UNICAST, 7, source="172.18.0.3", mtu=1300)
    assert ReachHost().route("client", "172.18.0.2", learned).path("172.18.0.2:80").mtu == 1300


@pytest.mark.parametrize(
    ("hop", "state", "code"),
    [
        ("172.18.0.2", "unknown", "next_hop_unknown"),
        ("172.18.0.77", "failed", "next_hop_unknown"),
        ("172.17.0.1", "unknown", "next_hop_unknown"),
    ],
    ids=["container", "nothing", "another device of the host"],
)
def test_a_next_hop_that_is_not_the_bridge(hop: str, state: str, code: str, sentence: Any) -> None:
    host = ReachHost(OLD).route("client", OUT, RouteResult(UNICAST, 7, hop, source="172.18.0.3"))
    assert [(s, c) for _, s, c in host.faults(OUT)] == [(state, code)]
    assert host.path(OUT).steps[-1].detail == sentence


def test_a_next_hop_may_be_behind_another_port_of_the_bridge() -> None:
    host = ReachHost(OLD).route("client", OUT, RouteResult(UNICAST, 7, "172.18.0.77", source="172.18.0.3"))
    host.device("", "eth0", master_ifindex=4)
    assert host.faults(OUT) == [("link", "unknown", "next_hop_unknown")]


def test_policy_rules_by_the_address_that_the_kernel_chose_count() -> None:
    """connect(2) looks the route up once more with it (net/route.h: ip_route_connect), over IPv4 alone."""
    ruled = ReachHost().route("client", OUT, RouteResult(error=errno.EHOSTUNREACH), "172.18.0.3")
    assert ruled.faults(OUT) == [("route", "failed", "route_refused")]
    elsewhere = ReachHost().route("client", OUT, RouteResult(UNICAST, 7, "172.18.0.99"), "172.18.0.3")
    assert elsewhere.faults(OUT) == [("link", "failed", "next_hop_unknown")]
    six = "2001:db8::77"
    plain = ReachHost().faults(six)
    assert ReachHost().route("client", six, NO_ROUTE, "fd00:18::3").faults(six) == plain
