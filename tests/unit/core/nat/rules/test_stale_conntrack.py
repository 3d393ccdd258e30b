"""Clients whom the connection table keeps from their container."""

from typing import Any

import pytest

from exporter.core.nat.context import StuckFlow
from exporter.core.nat.rules.stale_conntrack import KIND, check
from tests.support.nat_hosts import Host, drift, hosts, port

every_host = pytest.mark.parametrize("host", hosts(), ids=str)
DNS = {"container": "dns", "network": "bridge", "protocol": "udp"}
STUCK = StuckFlow("udp", 53, "the host itself (192.0.2.10)")


@every_host
def test_an_ordinary_host_shows_none(host: Host) -> None:
    assert list(check(host.scene())) == []


@every_host
def test_a_stuck_flow_is_told_of_its_port(host: Host, sentence: Any) -> None:
    assert list(check(host.scene(stuck=(STUCK, STUCK)))) == [drift(KIND, "warning", port("", 53, **DNS), sentence)]


@every_host
@pytest.mark.parametrize("flow", [StuckFlow("udp", 54, "nobody"), StuckFlow("tcp", 53, "nobody")])
def test_one_to_another_port_is_nobodys(host: Host, flow: StuckFlow) -> None:
    assert list(check(host.scene(stuck=(flow,)))) == []


@every_host
def test_without_its_rule_the_port_is_told_as_that(host: Host) -> None:
    assert list(check(host.without(host.entry(), "-p udp --dport 53").scene(stuck=(STUCK,)))) == []
