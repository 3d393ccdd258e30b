"""Bridged packets that meet rules which forget them."""

from typing import Any

import pytest
from msgspec.structs import replace

from exporter.core.nat.context import NatContext
from exporter.core.nat.rules.bridge_filtered import KIND, check
from tests.support.builders import run
from tests.support.nat_hosts import FORWARDING, Host, drift, hosts, subject
from tests.support.saved_rules import ruleset

ON = FORWARDING | {"bridge-nf-call-iptables": True}
FORGETFUL = """
*filter
:FORWARD DROP [0:0]
-A FORWARD -o br-front -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
COMMIT
"""
every_host = pytest.mark.parametrize("host", hosts(), ids=str)


def with_two(host: Host, rules: str = "", **forwarding: bool) -> NatContext:
    """The host with a second container on network front."""
    second = run("second", network="front", ip="172.18.0.9")
    found = host.with_inventory(second)
    found = replace(found, rules=ruleset(rules)) if rules else found
    return found.scene(forwarding=ON | forwarding)


@every_host
def test_an_ordinary_host_shows_none_with_br_netfilter_on(host: Host) -> None:
    assert list(check(with_two(host))) == []


@every_host
def test_a_forward_policy_that_forgets_bridged_packets_is_found(host: Host, sentence: Any) -> None:
    found = list(check(with_two(host, FORGETFUL)))
    assert [f for f in found if f.labels["network"] == "front"] == [
        drift(KIND, "critical", subject(network="front"), sentence)
    ]


@every_host
def test_with_br_netfilter_off_no_rule_counts(host: Host) -> None:
    assert list(check(with_two(host, FORGETFUL, **{"bridge-nf-call-iptables": False}))) == []
    assert list(check(host.with_inventory(run("second", network="front", ip="172.18.0.9")).scene())) == []


@every_host
def test_a_network_with_one_container_has_no_pair(host: Host) -> None:
    assert list(check(replace(host, rules=ruleset(FORGETFUL)).scene(forwarding=ON))) == []


ITSELF = FORGETFUL.replace("DROP [0:0]", "ACCEPT [0:0]\n-A FORWARD -i br-front -o br-front -j DROP")


def test_a_drop_from_a_bridge_to_itself_is_found() -> None:
    assert [f.labels["network"] for f in check(with_two(hosts()[0], ITSELF))] == ["front"]


def test_a_network_with_enable_icc_false_is_closed_by_the_engine() -> None:
    assert list(check(with_two(hosts()[0].with_options("front", icc=False), ITSELF))) == []
