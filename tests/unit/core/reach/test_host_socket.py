"""The host as the server: its rules, its sockets, and docker-proxy behind them."""

from typing import Any

import pytest
from msgspec.structs import replace

from exporter.core.model.container_details import PortBinding
from exporter.core.model.sockets import ProxyUse
from exporter.core.nat.ruleset import Base
from tests.support.builders import connect, run
from tests.support.nat_hosts import NEW, OLD, OWN_TABLES, Host
from tests.support.port_hosts import details, socket
from tests.support.reach_hosts import ReachHost
from tests.support.reach_namespaces import NO_ROUTE, PROXIES

INPUT, OUTPUT, USER = (("ip", "filter", chain) for chain in ("INPUT", "OUTPUT", "DOCKER-USER"))
SSH, PROXIED = "192.0.2.10:22", "192.0.2.10:8083"
EVERY_KIND = pytest.mark.parametrize("rules", [OLD, NEW, OWN_TABLES], ids=str)
BOUND = replace(socket("0.0.0.0:22"), ifindex=2)
STOPPED = ReachHost(OLD)
STOPPED.more = {"proxies": {"bare": ProxyUse(1, stopped=frozenset({("tcp", 8083)}))}}
SIX_ALONE = details(
    connect(run("six", network="none"), "front", ip="", ip6="fd00:18::6"),
    published=(PortBinding("tcp", 80, "::", 8096),),
)
V6 = replace(socket("[::]:8096"), v6only=True)
UNKNOWN_RULE = ("filter", "unknown", "rule_not_understood")


def listening(*sockets: Any) -> ReachHost:
    return ReachHost(OLD).view("", listeners=sockets)


@EVERY_KIND
@pytest.mark.parametrize("target", ["host:22", SSH, "172.17.0.1:22", "[fd00:18::1]:22"])
def test_a_process_of_the_host_is_reachable(rules: Host, target: str) -> None:
    host = ReachHost(rules).view("", listeners=(*PROXIES, "[::]:22"))
    path = host.path(target)
    assert [(s.name, s.state) for s in path.steps] == [("route", "ok"), ("filter", "ok"), ("listener", "ok")]


CASES: dict[str, tuple[ReachHost, str, tuple[str, str, str]]] = {
    "input": (ReachHost(OLD.inserted(INPUT, "-p tcp --dport 22 -j DROP")), SSH, ("filter", "failed", "drop_rule")),
    "policy": (ReachHost(OLD.with_policy(INPUT, "DROP")), SSH, ("filter", "failed", "drop_rule")),
    "answers": (ReachHost(OLD.inserted(OUTPUT, "-p tcp --sport 22 -j DROP")), SSH, ("filter", "failed", "drop_rule")),
    "not understood": (
        ReachHost(OLD.inserted(INPUT, "-m string --string x -j DROP")), SSH, UNKNOWN_RULE
    ),
    "no route for answers": (
        ReachHost(OLD).route("", "172.18.0.3", NO_ROUTE, "192.0.2.10"), SSH, ("back", "failed", "route_lost")
    ),
    "not listening": (listening("0.0.0.0:80"), SSH, ("listener", "failed", "not_listening")),
    "loopback": (listening("127.0.0.1:22"), SSH, ("listener", "failed", "loopback_only")),
    "another address": (listening("172.17.0.1:22"), SSH, ("listener", "failed", "wrong_address")),
    "another device": (listening(BOUND), SSH, ("listener", "failed", "wrong_address")),
    "another protocol": (listening("0.0.0.0:22/udp"), SSH, ("listener", "failed", "wrong_protocol")),
    "published on the loopback": (ReachHost(OLD), "192.0.2.10:8443", ("listener", "failed", "published_on_loopback")),
    "published on another address": (
        ReachHost(OLD), "172.18.0.1:8082", ("listener", "failed", "wrong_address")
    ),
    "published on IPv6 alone": (
        ReachHost(OLD, SIX_ALONE).view("", listeners=[V6]), "172.18.0.1:8096", ("listener", "failed", "wrong_address")
    ),
    "docker-proxy stopped": (STOPPED, PROXIED, ("dnat", "failed", "proxy_stopped")),
    "docker-proxy's packets": (
        ReachHost(OLD.inserted(OUTPUT, "-d 172.21.0.2 -j DROP")), PROXIED, ("filter", "failed", "drop_rule")
    ),
    "answers to docker-proxy": (
        ReachHost(OLD.inserted(INPUT, "-s 172.21.0.2 -j DROP")), PROXIED, ("filter", "failed", "drop_rule")
    ),
    "netdev at the server": (
        ReachHost(OLD.with_table(("netdev", "t", "c"), Base("ingress", "ACCEPT", devices=("veth-bare",)), "-j DROP")),
        PROXIED, UNKNOWN_RULE,
    ),
    "nothing behind docker-proxy": (
        ReachHost(OLD).view("bare", listeners=()), PROXIED, ("listener", "failed", "not_listening")
    ),
    "loopback behind docker-proxy": (
        ReachHost(OLD).view("bare", listeners=("127.0.0.1:80",)), PROXIED, ("listener", "failed", "loopback_only")
    ),
    "target of docker-proxy unknown": (
        ReachHost(OLD).route("", "172.21.0.2", NO_ROUTE), PROXIED, ("dnat", "unknown", "target_unknown")
    ),
    "address lost behind docker-proxy": (
        ReachHost(OLD).device("bare", "eth0", ("fe80::1",)), PROXIED, ("link", "failed", "container_address_lost")
    ),
}  # fmt: skip


@pytest.mark.parametrize(("host", "target", "fault"), CASES.values(), ids=CASES)
def test_a_fault_of_the_host_as_the_server(
    host: ReachHost, target: str, fault: tuple[str, str, str], sentence: Any
) -> None:
    assert host.faults(target) == [fault]
    [step] = [s for s in host.path(target).steps if s.state != "ok"]
    assert (step.detail, step.remedy) == (sentence, sentence)


@pytest.mark.parametrize("rules", [OLD, NEW], ids=str)
def test_a_published_port_is_served_by_docker_proxy(rules: Host, sentence: Any) -> None:
    path = ReachHost(rules).path(PROXIED)
    assert [(s.name, s.state) for s in path.steps] == [
        (name, "ok") for name in ("route", "filter", "dnat", "link", "listener")
    ]
    assert path.steps[2].detail == sentence


def test_an_own_published_port_goes_by_docker_proxy() -> None:
    assert ReachHost(OLD).path("192.0.2.10:8080", "web").verdict == "reachable"


UDP = "192.0.2.10:53/udp"


def by_docker_proxy(version: str) -> ReachHost:
    host = ReachHost(OLD)
    host.engine_version = version
    return host


def test_docker_proxy_answers_from_the_address_of_the_route(sentence: Any) -> None:
    host = by_docker_proxy("20.10.24")
    assert host.faults(UDP) == [("back", "unknown", "answered_from_elsewhere")]
    assert [s.detail for s in host.path(UDP).steps if s.state != "ok"] == [sentence]
    assert host.faults("172.18.0.1:53/udp") == []


def test_docker_proxy_of_newer_engines_answers_as_asked() -> None:
    assert by_docker_proxy("28.0.1").faults(UDP) == []


def test_rules_about_single_ports_do_not_matter_to_a_question_about_none() -> None:
    assert ReachHost(OLD.inserted(INPUT, "-p tcp --dport 0:22 -j DROP")).faults("host") == []
    every = ReachHost(OLD.inserted(INPUT, "-p tcp --dport 1:65535 -j DROP"))
    assert every.faults("host") == [("filter", "failed", "drop_rule")]


def test_a_question_about_no_port_ends_at_the_rules() -> None:
    assert [s.name for s in ReachHost(OLD).path("host").steps] == ["route", "filter"]


def test_rules_and_sockets_that_could_not_be_read_are_unknown() -> None:
    host = ReachHost(OLD).unread("", "listeners")
    assert host.faults(SSH) == [("listener", "unknown", "privilege_missing")]
    assert host.faults("192.0.2.10:8443") == [("listener", "unknown", "privilege_missing")]
