"""Which addresses and ports a question is about, and the verdict of all of them."""

from typing import Any

import pytest
from msgspec.structs import replace

from exporter.core.network.context import NetworkContext
from exporter.core.network.result import NetworkResult
from exporter.core.reach.answer import joined
from exporter.core.reach.view import LISTENERS
from tests.support.builders import connect, run, stop
from tests.support.nat_hosts import NEW, OLD, WEB
from tests.support.port_hosts import details
from tests.support.reach_hosts import ReachHost
from tests.support.reach_namespaces import CLIENT, DNS_SOCKETS, HOST, NO_ROUTE

IN_HOST = connect(run("monitor", network="host"), "host")
ALONE = run("alone", network="none")
FRONT_WEB = replace(WEB, network_mode="front")


def ends(host: ReachHost, target: str, source: str = "client") -> list[tuple[str, int]]:
    return [(path.target.address, path.port) for path in host.answer(target, source).paths]


@pytest.mark.parametrize(
    ("target", "source", "expected"),
    [
        ("web:81", "client", [("172.18.0.2", 81), ("fd00:18::2", 81)]),
        ("web", "client", [("172.18.0.2", 80), ("fd00:18::2", 80)]),
        ("172.18.0.2", "client", [("172.18.0.2", 80)]),
        ("web-id", "client", [("172.18.0.2", 80), ("fd00:18::2", 80)]),
        ("host", "client", [("172.18.0.1", 0)]),
        ("host:22", "client", [("172.18.0.1", 22)]),
        ("172.17.0.1", "client", [("172.17.0.1", 0)]),
        ("host", "monitor", [("127.0.0.1", 0)]),
        ("host", "alone", [("192.0.2.10", 0)]),
        ("internet", "client", [("8.8.8.8", 443), ("2001:4860:4860::8888", 443)]),
        ("internet", "dns", [("8.8.8.8", 443)]),
        ("internet:80/udp", "dns", [("8.8.8.8", 80)]),
        ("198.51.100.1", "client", [("198.51.100.1", 443)]),
        ("bare", "client", [("172.21.0.2", 80)]),
        ("www.example", "client", [("", 0)]),
    ],
)
def test_the_addresses_and_ports_of_a_target(target: str, source: str, expected: list[tuple[str, int]]) -> None:
    assert ends(ReachHost(NEW, IN_HOST, ALONE), target, source) == expected


def test_an_alias_has_the_ports_of_its_container() -> None:
    host = ReachHost(NEW, replace(details(WEB, hostname="store"), network_mode="front"))
    assert ends(host, "store") == [("172.18.0.2", 80), ("fd00:18::2", 80)]


def test_an_id_prefix_that_is_an_alias_of_another_container_is_the_alias() -> None:
    """As the client resolves it: services are called `cafe` or `decade`, and IDs begin so."""
    other = replace(run("other", network="front"), id="decade0123")
    aliased = ReachHost(NEW, other, replace(details(WEB, hostname="decade"), network_mode="front"))
    assert ends(aliased, "decade:80")[:1] == [("172.18.0.2", 80)]
    assert ends(ReachHost(NEW, other).view("client", hosts="192.0.2.7 decade\n"), "decade:80") == [("192.0.2.7", 80)]
    named = run("decade", network="front", ip="172.18.0.99")
    assert ends(ReachHost(NEW, other, named), "decade:80") == [("172.18.0.99", 80)]
    by_id = ReachHost(NEW, connect(replace(run("other", network="none"), id="decade0123"), "front", ip="172.18.0.98"))
    assert ends(by_id, "decade:80") == [("172.18.0.98", 80)]


def test_at_most_five_ports_that_are_not_on_the_loopback() -> None:
    host = ReachHost().view("web", listeners=[f"0.0.0.0:{port}" for port in range(90, 80, -1)] + ["127.0.0.1:1"])
    assert [port for _, port in ends(host, "172.18.0.2")] == [81, 82, 83, 84, 85]
    listening = ReachHost().view("web", listeners=["127.0.0.1:1", "0.0.0.0:40009/udp", *DNS_SOCKETS])
    assert ends(listening, "172.18.0.2") == [("172.18.0.2", 0)]
    exposed = ReachHost(NEW, details(FRONT_WEB, exposed=(("tcp", 83), ("udp", 84)))).view("web", listeners=[])
    assert ends(exposed, "172.18.0.2") == [("172.18.0.2", 83)]


@pytest.mark.parametrize(
    ("exposed", "listeners", "expected"),
    [
        ((), ["0.0.0.0:514/udp"], ("udp", 514)),
        ((), ["0.0.0.0:514/udp", "0.0.0.0:80"], ("tcp", 80)),
        ((("udp", 514), ("tcp", 601)), ["0.0.0.0:514/udp"], ("udp", 514)),
        ((("tcp", 601),), ["0.0.0.0:5353/udp"], ("tcp", 601)),
        ((("udp", 40009),), ["0.0.0.0:40009/udp"], ("udp", 40009)),
        ((("udp", 514),), [], ("udp", 514)),
        ((), ["127.0.0.1:514/udp"], ("tcp", 0)),
    ],
)
def test_without_a_port_a_server_of_datagrams_alone_is_followed_over_udp(
    exposed: tuple[tuple[str, int], ...], listeners: list[str], expected: tuple[str, int]
) -> None:
    host = ReachHost(NEW, details(FRONT_WEB, exposed=exposed)).view("web", listeners=listeners)
    path = host.answer("web").paths[0]
    assert (path.protocol, path.port) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [("db", "172.19.0.1"), ("six", "fd00:18::1"), ("routed", "192.0.2.10"), ("alone", "192.0.2.10")],
)
def test_without_a_gateway_the_host_is_the_address_of_the_bridge(source: str, expected: str) -> None:
    """An engine from 26 on gives internal networks none; a network of IPv6 alone has none of IPv4."""
    six = connect(run("six", network="none"), "front", ip="", ip6="fd00:18::6")
    routed = connect(run("routed", network="none"), "front", ip="")
    assert ends(ReachHost(NEW, ALONE, six, routed), "host:22", source) == [(expected, 22)]


def test_an_address_of_an_ip_version_that_the_client_has_not_is_tried_last() -> None:
    listening = ReachHost(OLD).view("mute", listeners=["0.0.0.0:80"]).route("mute", "::1", NO_ROUTE)
    assert listening.answer("localhost:80", "mute").verdict == "reachable"
    assert [path.verdict for path in listening.answer("localhost:80", "mute").paths] == ["reachable", "unreachable"]
    assert listening.answer("[::1]:80", "mute").verdict == "unreachable"
    assert listening.answer("localhost:81", "mute").verdict == "unreachable"


def test_a_server_without_a_listening_port_is_failed_and_one_that_could_not_be_read_unknown(sentence: Any) -> None:
    deaf = ReachHost().view("web", listeners=["127.0.0.1:1", "0.0.0.0:40009/udp", *DNS_SOCKETS])
    assert {path.steps[-1].code for path in deaf.answer("web").paths} == {"not_listening"}
    assert deaf.answer("web").paths[0].steps[-1].detail == sentence
    unread = ReachHost().unread("web", LISTENERS, "CAP_GRANTED")
    step = unread.answer("web").paths[0].steps[-1]
    assert (unread.answer("web").verdict, step.code) == ("undetermined", "privilege_missing")


@pytest.mark.parametrize(
    ("host", "source", "target", "state", "code"),
    [
        (ReachHost(), "nothing", "web", "unknown", "not_found"),
        (ReachHost(NEW, stop(CLIENT)), "client", "web", "failed", "container_down"),
        (ReachHost(NEW, replace(CLIENT, state="restarting")), "client", "web", "failed", "container_down"),
        (ReachHost(NEW, replace(CLIENT, state="paused")), "client", "web", "failed", "container_paused"),
    ],
    ids=["absent", "stopped", "restarting", "paused"],
)
def test_a_client_that_sends_nothing_ends_the_way(
    host: ReachHost, source: str, target: str, state: str, code: str, sentence: Any
) -> None:
    [step] = host.path(target, source).steps
    assert (step.name, step.state, step.code, step.detail) == ("container", state, code, sentence)
    assert host.visits == []


@pytest.mark.parametrize(("inode", "fault"), [(7, []), (8, [("link", "failed", "namespace_orphaned")])])
def test_a_sharer_that_stayed_in_the_namespace_of_before_a_restart_reaches_nothing(
    inode: int, fault: list[Any]
) -> None:
    host = ReachHost(NEW, run("sharer", network="container:client-id"))
    context = NetworkContext(host.observation().topology, netns={"client-id": inode, "sharer-id": 7})
    host.more = {"network": NetworkResult(context=context)}
    assert host.faults("172.18.0.2:80", "sharer") == fault


def test_without_an_engine_nothing_is_known() -> None:
    host = ReachHost()
    host.connected = False
    assert host.faults("web") == [("container", "unknown", "engine_unavailable")]


def test_a_way_without_an_address_is_undetermined() -> None:
    host = ReachHost(NEW, ALONE)
    host.uplinks = ()
    assert (host.path("host", "alone").verdict, host.faults("host", "alone")) == (
        "undetermined",
        [("route", "unknown", "route_unknown")],
    )


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ([], "undetermined"),
        (["reachable"], "reachable"),
        (["reachable", "unreachable"], "ambiguous"),
        (["reachable", "blocked"], "ambiguous"),
        (["reachable", "undetermined"], "undetermined"),
        (["reachable", "undetermined", "unreachable"], "ambiguous"),
        (["undetermined", "unreachable"], "undetermined"),
        (["unreachable", "blocked"], "unreachable"),
        (["blocked"], "blocked"),
    ],
)
def test_the_verdict_of_several_paths(verdicts: list[str], expected: str) -> None:
    assert joined(verdicts) == expected


def test_each_namespace_is_visited_once() -> None:
    host = ReachHost()
    host.answer("web:80")
    assert sorted(host.visits) == [HOST, "client", "web"]


@pytest.mark.parametrize(("source", "is_said"), [("host", True), ("internet", True), ("nothing", False)])
def test_what_is_a_target_alone_is_not_a_source(source: str, is_said: bool) -> None:  # noqa: FBT001
    [step] = ReachHost().path("web:80", source).steps
    assert (step.state, step.code) == ("unknown", "not_found")
    assert ("`dockernet-exporter explain PORT` for a port of this host" in step.remedy) is is_said
