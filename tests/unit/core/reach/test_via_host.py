"""The way through the host: forwarding, rp_filter, routes, DNAT, isolation."""

import errno
from typing import Any

import pytest
from msgspec.structs import replace

from exporter.core.model.fib import UNICAST, RouteResult
from exporter.core.nat.ruleset import Base
from exporter.core.reach.view import Neighbour
from tests.support.nat_hosts import NEW, OLD, OWN_TABLES, Host
from tests.support.reach_hosts import ReachHost
from tests.support.reach_namespaces import NO_ROUTE, mac_of

OUT, BARE = "198.51.100.1", "172.21.0.2:80"
CLIENT, BRIDGE, UPLINK = "172.18.0.3", 4, 2
USER = ("ip", "filter", "DOCKER-USER")
EVERY_KIND = pytest.mark.parametrize("rules", [OLD, NEW, OWN_TABLES], ids=str)


def received(error: int) -> ReachHost:
    """The host's lookup of a packet that it receives from the client fails; its own does not."""
    return ReachHost(OLD).route("", OUT, RouteResult(error=error), CLIENT, BRIDGE)


def every_lookup(error: int) -> ReachHost:
    return received(error).route("", OUT, RouteResult(error=error))


def answers(result: RouteResult, host: Host = OLD) -> ReachHost:
    """What the host does with an answer from outside to the client."""
    return ReachHost(host).route("", CLIENT, result, OUT, UPLINK)


def with_chain(family: str, hook: str, device: str) -> Host:
    return OLD.with_table((family, "t", "c"), Base(hook, "ACCEPT", devices=(device,)), "-j DROP")


FORWARDING_OFF = ReachHost(NEW)
FORWARDING_OFF.nat = {"reading": NEW.reading(forwarding={"ip": True, "ip6": False})}


def marked(words: str = "") -> ReachHost:
    """Packets get a mark, with which a policy rule leads them to a blackhole."""
    rules = OLD.with_table(
        ("ip", "mangle", "PREROUTING"), Base("prerouting", "ACCEPT"), f"{words} -j MARK --set-mark 7"
    )
    blackhole = RouteResult(error=errno.EINVAL)
    return ReachHost(rules).route("", OUT, blackhole, mark=7).route("", OUT, blackhole, CLIENT, BRIDGE, mark=7)


CASES: dict[str, tuple[ReachHost, str, tuple[str, str, str]]] = {
    "forwarding off": (received(errno.EHOSTUNREACH), OUT, ("filter", "failed", "forwarding_off")),
    "forwarding of IPv6 off": (FORWARDING_OFF, "2001:db8::77", ("filter", "failed", "forwarding_off")),
    "rp_filter": (received(errno.EINVAL), OUT, ("filter", "failed", "source_refused")),
    "rp_filter of old kernels": (received(errno.EXDEV), OUT, ("filter", "failed", "source_refused")),
    "prohibited by a policy rule": (received(errno.EACCES), OUT, ("route", "failed", "route_refused")),
    "without a route by a policy rule": (received(errno.ENETUNREACH), OUT, ("route", "failed", "route_refused")),
    "another error": (received(errno.ENOBUFS), OUT, ("route", "unknown", "route_unknown")),
    "blackhole by the mark": (marked(), OUT, ("route", "failed", "route_refused")),
    "perhaps marked": (marked("-m string --string x"), OUT, ("route", "unknown", "route_unknown")),
    "no route": (every_lookup(errno.ENETUNREACH), OUT, ("route", "failed", "no_route")),
    "blackhole": (every_lookup(errno.EINVAL), OUT, ("route", "failed", "route_refused")),
    "unreachable": (every_lookup(errno.EHOSTUNREACH), OUT, ("route", "failed", "route_refused")),
    "prohibit": (every_lookup(errno.EACCES), OUT, ("route", "failed", "route_refused")),
    "answers by another device": (answers(RouteResult(UNICAST, UPLINK)), OUT, ("back", "failed", "route_lost")),
    "no route for answers": (answers(NO_ROUTE), OUT, ("back", "failed", "route_lost")),
    "answers refused": (answers(RouteResult(error=errno.EINVAL)), OUT, ("back", "failed", "source_refused")),
    "answers not known": (answers(RouteResult(error=errno.ETIMEDOUT)), OUT, ("route", "unknown", "route_unknown")),
    "operator's rule": (ReachHost(OLD.inserted(USER, "-d 198.51.100.1 -j DROP")), OUT,
                        ("filter", "blocked", "operator_rule")),
    "operator's rule for answers": (ReachHost(OLD.inserted(USER, "-s 198.51.100.1 -j DROP")), OUT,
                                    ("filter", "blocked", "operator_rule")),
    "prerouting": (
        ReachHost(NEW.inserted(("ip", "raw", "PREROUTING"), "-d 198.51.100.1 -j DROP")), OUT,
        ("filter", "failed", "drop_rule"),
    ),
    "not understood": (
        ReachHost(OLD.inserted(USER, "-m string --string x -j DROP")), OUT, ("filter", "unknown", "rule_not_understood")
    ),
    "perhaps translated": (
        ReachHost(OLD.inserted(("ip", "nat", "PREROUTING"), "-m string --string x -j DNAT --to-destination 172.21.0.9"))
        .route("", OUT, NO_ROUTE, CLIENT, BRIDGE).route("", OUT, NO_ROUTE),
        OUT, ("filter", "unknown", "rule_not_understood"),
    ),
    "netdev at the client's port": (
        ReachHost(with_chain("netdev", "ingress", "veth-client")), OUT, ("filter", "unknown", "rule_not_understood")
    ),
    "netdev at the uplink": (
        ReachHost(with_chain("netdev", "egress", "eth0")), OUT, ("filter", "unknown", "rule_not_understood")
    ),
    "netdev at the bridge": (
        ReachHost(with_chain("netdev", "ingress", "br-front")), OUT, ("filter", "unknown", "rule_not_understood")
    ),
    "neighbour of the gateway": (
        ReachHost(OLD).view("client", neighbours=(Neighbour(7, "172.18.0.1", "02:00:00:00:00:99"),)), OUT,
        ("link", "failed", "wrong_neighbour"),
    ),
    "neighbour of the client": (
        ReachHost(OLD).view("", neighbours=(Neighbour(4, "172.18.0.3", "02:00:00:00:00:99"),)), OUT,
        ("link", "failed", "wrong_neighbour"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("host", "target", "fault"), CASES.values(), ids=CASES)
def test_where_the_host_stops_a_packet(
    host: ReachHost, target: str, fault: tuple[str, str, str], sentence: Any
) -> None:
    assert host.faults(target)[:1] == [fault]
    assert not any(state == "failed" for _, state, _ in host.faults(target)[1:])
    [step] = [s for s in host.path(target).steps if s.state != "ok"][:1]
    assert (step.detail, step.remedy) == (sentence, sentence)


def test_a_netdev_chain_at_another_containers_port_changes_nothing() -> None:
    assert ReachHost(with_chain("netdev", "ingress", "veth-db")).faults(OUT) == []


def test_rules_that_could_not_be_read_are_unknown() -> None:
    host = ReachHost(OLD)
    host.nat = {"reading": None}
    assert host.faults(OUT) == [("filter", "unknown", "rules_unknown")]


@EVERY_KIND
def test_networks_are_isolated(rules: Host, sentence: Any) -> None:
    """The engine of its own tables has the network open as nat-unprotected in its rules, where others ignore it."""
    host = ReachHost(rules)
    if rules is OWN_TABLES:
        assert host.path(BARE).verdict == "reachable"
        target = "172.20.0.2:80"
    else:
        target = BARE
    assert host.faults(target) == [("filter", "failed", "network_isolated")]
    assert host.path(target).steps[-1].detail == sentence


def test_a_name_of_an_isolated_network_has_one_remedy_and_an_address_the_one_that_keeps_it() -> None:
    steps = ReachHost(OLD).path("bare:80").steps
    remedies = [step.remedy for step in steps if step.state == "failed"]
    assert remedies == ["Run `docker network connect front bare`."] * 2
    assert ReachHost(OLD).path(BARE).steps[-1].remedy.endswith("`docker network connect open client`.")


@EVERY_KIND
def test_an_internal_network_is_not_left_and_not_entered(rules: Host, sentence: Any) -> None:
    host = ReachHost(rules)
    assert host.faults("172.19.0.2:80") == [("filter", "failed", "internal_network")]
    assert host.path("172.19.0.2:80").steps[-1].detail == sentence
    # 20.10 gives containers of internal networks a default route.
    old = ReachHost(rules).route("db", OUT, RouteResult(UNICAST, 7, "172.19.0.1", source="172.19.0.2"))
    assert old.faults(OUT, "db") == [("filter", "failed", "internal_network")]


def test_a_published_port_of_another_network_is_translated_by_new_engines(sentence: Any) -> None:
    path = ReachHost(OWN_TABLES).path("192.0.2.10:8083")
    assert [s.name for s in path.steps] == ["route", "dnat", "filter", "link", "listener"]
    assert (path.verdict, path.steps[1].detail) == ("reachable", sentence)


def test_a_container_behind_the_host_has_faults_of_its_own(sentence: Any) -> None:
    detached = ReachHost(OWN_TABLES).device("", "veth-bare", master_ifindex=0)
    assert detached.faults(BARE) == [("link", "failed", "veth_detached")]
    entry = Neighbour(7, "172.21.0.2", "02:00:00:00:00:99")
    stale = ReachHost(OWN_TABLES).view("", neighbours=(entry,))
    assert stale.faults(BARE) == [("link", "failed", "wrong_neighbour")]
    back = ReachHost(OWN_TABLES).view("bare", neighbours=(replace(entry, address="172.21.0.1"),))
    assert back.faults(BARE) == [("link", "failed", "wrong_neighbour")]
    assert [h.path(BARE).steps[-1].remedy == sentence for h in (detached, stale, back)]


def test_an_address_of_another_network_that_no_container_has() -> None:
    host = ReachHost(OWN_TABLES)
    assert host.faults("172.21.5.5:80") == [("link", "failed", "address_unused")]
    hidden = ReachHost(OWN_TABLES).unread("bare", "namespace")
    assert hidden.faults("172.21.5.5:80") == [("link", "unknown", "address_unused")]


@pytest.mark.parametrize(("mac", "faults"), [(CLIENT, []), ("172.18.0.9", [("link", "unknown", "wrong_neighbour")])])
def test_a_neighbour_by_way_of_the_gateway_is_answered_without_it(mac: str, faults: list[tuple[str, str, str]]) -> None:
    """The server has a learned entry of the client itself, not of the bridge."""
    by_gateway = ReachHost(OLD).route("client", "172.18.0.2", RouteResult(UNICAST, 7, "172.18.0.1", source=CLIENT))
    assert by_gateway.faults("172.18.0.2:80") == []
    known = Neighbour(7, CLIENT, mac_of(mac), learned=True)
    assert by_gateway.view("web", neighbours=(known,)).faults("172.18.0.2:80") == faults
