"""`explain PORT` of a port that is published on the host's loopback: its clients are processes of the host."""

from dataclasses import replace
from typing import Any

import pytest

from exporter.core.model.sockets import ProxyUse
from tests.support.nat_hosts import NEW, Host
from tests.support.reach_hosts import ReachHost
from tests.support.reach_namespaces import NO_ROUTE
from tests.support.servers_end import added

INPUT, OUTPUT, NAT = ("ip", "filter", "INPUT"), ("ip", "filter", "OUTPUT"), ("ip", "nat", "OUTPUT")
ON_LO = ("127.0.0.1",)
DROPPED, UNTRANSLATED = ("filter", "failed", "drop_rule"), ("dnat", "unknown", "dnat_missing")
TO_WEB = "-d 127.0.0.1/32 -p tcp --dport 8080 -j DNAT --to-destination 172.18.0.2:80"


def proxied(rules: Host = NEW) -> ReachHost:
    """The host, with a docker-proxy of web."""
    host = ReachHost(rules)
    host.more["proxies"] = {"web": ProxyUse(0)}
    return host


def translated(text: str) -> ReachHost:
    """The host without a docker-proxy, and a rule of the hook output."""
    return ReachHost(NEW.inserted(NAT, text))


def test_an_ordinary_port_of_the_loopback_adds_nothing() -> None:
    assert added(proxied(), addresses=ON_LO) == []
    assert added(translated(TO_WEB), addresses=ON_LO) == []
    assert added(proxied().route("web", "8.8.8.8", NO_ROUTE), addresses=ON_LO) == []  # it has no clients outside


@pytest.mark.parametrize(
    ("place", "text", "found"),
    [
        (INPUT, "-i lo -p tcp --dport 8080 -j DROP", [DROPPED]),
        (INPUT, "-i lo -p tcp --sport 8080 -j DROP", [DROPPED]),
        (OUTPUT, "-o lo -p tcp --dport 8080 -j DROP", [DROPPED]),
        (OUTPUT, "-o lo -p tcp --sport 8080 -j DROP", [DROPPED]),
        (INPUT, "-i lo -p tcp --dport 8081 -j DROP", []),
        (INPUT, "-i eth0 -p tcp --dport 8080 -j DROP", []),
    ],
)
def test_rules_for_the_hosts_own_packets(place: Any, text: str, found: list[Any]) -> None:
    assert added(proxied(NEW.inserted(place, text)), addresses=ON_LO) == found


def test_a_port_of_the_loopback_that_nothing_translates_or_holds() -> None:
    assert added(ReachHost(), addresses=ON_LO) == [UNTRANSLATED]
    elsewhere = translated(TO_WEB.replace("172.18.0.2", "172.18.0.99"))
    assert added(elsewhere, addresses=ON_LO) == [("dnat", "failed", "dnat_wrong")]


def test_a_bridge_that_sends_no_packets_of_the_loopback() -> None:
    host = translated(TO_WEB).device("", "br-front", routes_loopback=False)
    assert added(host, addresses=ON_LO) == [("route", "failed", "forwarding_off")]
    assert added(proxied().device("", "br-front", routes_loopback=False), addresses=ON_LO) == []


def test_a_host_without_a_route_for_its_own_packets() -> None:
    host = proxied().route("", "172.18.0.2", replace(NO_ROUTE, error=13))
    assert added(host, addresses=ON_LO) == [("route", "failed", "route_lost")]
