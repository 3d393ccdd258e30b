"""Routes of a published port by its mark, its protocol and its ports, and those of the answers."""

from ipaddress import ip_network
from typing import Any

import pytest
from msgspec.structs import replace

from exporter.core.explain.path import OK, Explanation, Path, Step
from exporter.core.model.docker import Link
from exporter.core.model.fib import RouteResult
from exporter.core.model.routes import Route
from exporter.core.nat.ruleset import Base
from exporter.core.reach.servers_end import with_servers_end
from tests.support.nat_hosts import NEW, Host
from tests.support.reach_hosts import ReachHost
from tests.support.reach_namespaces import BRIDGES

REFUSED = RouteResult(error=22)
MANGLE = ("ip", "mangle", "PREROUTING")


def with_rules(*texts: str) -> Host:
    """The host with rules in the table mangle, before the routing decision."""
    bases = {**NEW.rules.bases, MANGLE: Base("prerouting", "ACCEPT", "filter", -150)}
    host = NEW.with_rules(replace(NEW.rules, bases=bases, chains={**NEW.rules.chains, MANGLE: ()}))
    for text in texts:
        host = host.inserted(MANGLE, text)
    return host


ELSEWHERE = RouteResult("unicast", 1, source="192.0.2.10")
INBOUND = {"destination": "172.18.0.2", "source": "192.0.2.1", "ifindex": 2}
OUTBOUND = {"destination": "192.0.2.1", "source": "172.18.0.2", "ifindex": 4}
MARKED, OF_PORT = {"mark": 4}, {"protocol": "tcp", "port": 80}
ROUTE_FAULTS = {
    "a mark": (("-i eth0 -j MARK --set-xmark 0x4/0xffffffff",), INBOUND | MARKED, REFUSED, ["failed"]),
    "a mark, another device": (
        ("-i eth0 -j MARK --set-xmark 0x4/0xffffffff",),
        INBOUND | MARKED,
        ELSEWHERE,
        ["failed"],
    ),
    "some clients' mark": (
        ("-s 192.0.2.0/24 -j MARK --set-xmark 0x4/0xffffffff",),
        INBOUND | MARKED,
        REFUSED,
        ["unknown"],
    ),
    "the answers' mark": (
        ("-i br-front -j MARK --set-xmark 0x4/0xffffffff",),
        OUTBOUND | MARKED,
        REFUSED,
        ["failed"],
    ),
    "another mark": (("-i eth0 -j MARK --set-xmark 0x5/0xffffffff",), INBOUND | MARKED, REFUSED, []),
    "a port": ((), INBOUND | OF_PORT, REFUSED, ["failed"]),
    "another port": ((), INBOUND | {"protocol": "tcp", "port": 81}, REFUSED, []),
    "the answers' port": ((), OUTBOUND | {"protocol": "tcp", "source_port": 80}, REFUSED, ["failed"]),
}


@pytest.mark.parametrize(("rules", "query", "result", "states"), ROUTE_FAULTS.values(), ids=ROUTE_FAULTS)
def test_policy_rules_by_marks_and_ports(
    rules: tuple[str, ...], query: dict[str, Any], result: RouteResult, states: list[str], sentence: Any
) -> None:
    host = ReachHost(with_rules(*rules)).route("", **query, result=result)
    path = Path("tcp", ("0.0.0.0",), 8080, "web", 80, (Step("published", OK, "published"),))
    [found] = with_servers_end(Explanation("8080", (path,)), host.observation(), host._visit).paths
    assert [(one.name, one.state) for one in found.steps[1:]] == [("route", state) for state in states]
    for one in found.steps[1:]:
        assert one.detail == sentence


ANSWERS_MARKED = "-i br-front -j MARK --set-xmark 0x4/0xffffffff"
BY_ANOTHER, BY_THE_SAME = RouteResult("unicast", BRIDGES["bridge"]), RouteResult("unicast", 2)


@pytest.mark.parametrize(
    ("marked", "plain", "found"),
    [
        (BY_ANOTHER, BY_THE_SAME, ["unknown"]),  # a client beyond eth0 may not get what docker0 sends
        (BY_THE_SAME, BY_THE_SAME, []),
        (BY_ANOTHER, BY_ANOTHER, ["unknown"]),  # nor what all packets of the container are sent by
        (BY_THE_SAME, BY_ANOTHER, []),  # the mark routes them home: what it is for
    ],
)
def test_answers_that_their_mark_routes_to_another_uplink(
    marked: RouteResult, plain: RouteResult, found: list[str], sentence: Any
) -> None:
    host = ReachHost(with_rules(ANSWERS_MARKED))
    host.uplinks = ("eth0", "docker0")
    query: dict[str, Any] = {**OUTBOUND, "protocol": "tcp", "source_port": 80}
    host.route("", **query, result=plain).route("", **query, mark=4, result=marked)
    path = Path("tcp", ("0.0.0.0",), 8080, "web", 80, (Step("published", OK, "published"),))
    [explained] = with_servers_end(Explanation("8080", (path,)), host.observation(), host._visit).paths
    assert [one.state for one in explained.steps if one.code == "return_route_lost"] == found
    for one in explained.steps[1:]:
        assert one.detail == sentence


@pytest.mark.parametrize(
    ("kind", "routes", "found"),
    [
        ("wireguard", ("0.0.0.0/0",), ["unknown"]),  # a client of the internet came by eth0, for all that is known
        ("wireguard", (), ["unknown"]),  # as by a rule that leads to another table
        ("veth", ("0.0.0.0/0",), []),  # a second uplink
    ],
)
def test_answers_that_a_vpn_takes_away_from_clients_of_the_internet(
    kind: str, routes: tuple[str, ...], found: list[str], sentence: Any
) -> None:
    host = ReachHost()
    host.uplinks = ("eth0", "wg0")
    host.own_routes = tuple(Route(ip_network(text), 9) for text in routes)
    host.with_device("", Link(9, "wg0", kind, carrier=True), "10.9.0.2")
    host.route("", "8.8.8.8", RouteResult("unicast", 9), "172.18.0.2", 4, protocol="tcp", source_port=80)
    path = Path("tcp", ("0.0.0.0",), 8080, "web", 80, (Step("published", OK, "published"),))
    [explained] = with_servers_end(Explanation("8080", (path,)), host.observation(), host._visit).paths
    assert [one.state for one in explained.steps if one.code == "return_route_lost"] == found
    for one in explained.steps[1:]:
        assert one.detail == sentence


def test_answers_by_a_second_device_on_the_clients_network_reach_it() -> None:
    host = ReachHost()
    host.uplinks = ("eth0", "docker0")
    host.own_routes = (Route(ip_network("192.0.2.0/24"), BRIDGES["bridge"]),)
    query: dict[str, Any] = OUTBOUND
    host.route("", **query, result=BY_ANOTHER)
    path = Path("tcp", ("0.0.0.0",), 8080, "web", 80, (Step("published", OK, "published"),))
    [explained] = with_servers_end(Explanation("8080", (path,)), host.observation(), host._visit).paths
    assert [one.code for one in explained.steps[1:]] == []


@pytest.mark.parametrize(("error", "found"), [(13, ["unknown"]), (110, [])])  # 110: it could not be made
def test_answers_to_the_internet_that_are_refused(error: int, found: list[str], sentence: Any) -> None:
    host = ReachHost()
    answers: dict[str, Any] = {"protocol": "tcp", "source_port": 80}
    host.route("", "8.8.8.8", RouteResult(error=error), "172.18.0.2", 4, **answers)
    path = Path("tcp", ("0.0.0.0",), 8080, "web", 80, (Step("published", OK, "published"),))
    [explained] = with_servers_end(Explanation("8080", (path,)), host.observation(), host._visit).paths
    assert [one.state for one in explained.steps if one.code == "return_route_lost"] == found
    for one in explained.steps[1:]:
        assert one.detail == sentence
