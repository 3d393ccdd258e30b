"""A container whose network is routed to: clients connect to its own address."""

from typing import Any

import pytest
from msgspec.structs import replace

from exporter.core.explain.explain import explain
from exporter.core.explain.path import Explanation, Step
from exporter.core.model.container_details import Details, PortBinding
from exporter.core.model.docker import BridgeOptions
from exporter.core.nat.ruleset import IP, Place
from exporter.core.nat.view import NatView
from exporter.core.reach.servers_end import with_servers_end
from tests.support.builders import network, run
from tests.support.explained_hosts import observation_of
from tests.support.nat_hosts import NEW, Host
from tests.support.reach_hosts import ReachHost

ROUTED = replace(network("open", subnet="172.21.0.0/16"), options=BridgeOptions(gateway_mode4="routed"))
BINDING = PortBinding("tcp", 80, "0.0.0.0")
DETAILS = Details(bindings=(BINDING,), published=(BINDING,))
[ENDPOINT] = run("bare", network="open", ip="172.21.0.2").endpoints
BARE = replace(run("bare", network="open"), endpoints=(replace(ENDPOINT, gateway="172.21.0.1"),), details=DETAILS)
USER, FORWARD = (IP, "filter", "DOCKER-USER"), (IP, "filter", "FORWARD")


def steps(host: Host) -> list[tuple[str, str, str]]:
    """Name, state and code of what the rules do."""
    paths = explain(observation_of(host.with_inventory(ROUTED, BARE)), "bare").paths
    return [(one.name, one.state, one.code) for path in paths for one in path.steps if one.name == "forward"]


def with_rule(place: Place, text: str) -> Host:
    return NEW.inserted(place, text)


CASES: dict[str, tuple[Host, tuple[str, str]]] = {
    "no further rule": (NEW, ("ok", "")),
    "closed by an operator": (with_rule(USER, "-o br-open -j DROP"), ("blocked", "operator_rule")),
    "closed for some clients": (
        with_rule(USER, "-s 192.0.2.0/24 -o br-open -j DROP"),
        ("unknown", "rule_not_understood"),
    ),
    "another network closed": (with_rule(USER, "-o br-front -j DROP"), ("ok", "")),
    "dropped": (with_rule(FORWARD, "-o br-open -j DROP"), ("failed", "drop_rule")),
    "not understood": (with_rule(USER, "-o br-open -m u32 --u32 0=1 -j DROP"), ("unknown", "rule_not_understood")),
    "translated": (
        with_rule((IP, "nat", "PREROUTING"), "-d 172.21.0.2 -p tcp -j DNAT --to-destination 10.0.0.9:80"),
        ("unknown", "rule_not_understood"),
    ),
}


@pytest.mark.parametrize(("host", "expected"), CASES.values(), ids=CASES)
def test_rules_on_the_way_to_the_containers_own_address(host: Host, expected: tuple[str, str], sentence: Any) -> None:
    assert steps(host) == [("forward", *expected)]
    paths = explain(observation_of(host.with_inventory(ROUTED, BARE)), "bare").paths
    assert [one.detail for path in paths for one in path.steps if one.name == "forward"] == [sentence]


def test_rules_that_could_not_be_read_are_unknown() -> None:
    observation = observation_of(NEW.with_inventory(ROUTED, BARE), nat=NatView())
    [path] = explain(observation, "bare").paths
    assert [(one.state, one.code) for one in path.steps if one.name == "forward"] == [("unknown", "rules_unknown")]


def test_the_containers_own_end_counts() -> None:
    step = Step("published", "ok", "it is routed to")
    for more, expected in (({}, []), ({"listeners": ()}, [("listener", "failed", "not_listening")])):
        host = ReachHost(NEW, ROUTED, BARE).view("bare", **{"listeners": ("0.0.0.0:80",), **more})
        [path] = explain(observation_of(NEW.with_inventory(ROUTED, BARE)), "bare").paths
        asked = Explanation("bare", (replace(path, steps=(step,)),))
        [found] = with_servers_end(asked, host.observation(), host._visit).paths
        assert [(one.name, one.state, one.code) for one in found.steps[1:]] == expected
