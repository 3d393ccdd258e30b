"""Findings, the connection table and addresses, as text."""

from typing import Any

import pytest
from msgspec.structs import replace

from exporter.core.connections.context import ConnectionContext
from exporter.core.findings.finding import Finding
from exporter.core.model.conntrack import ConntrackStats
from exporter.core.network.evaluator import NetworkEvaluator
from exporter.core.network.result import NetworkResult
from exporter.core.network.rules import NETWORK_KINDS
from exporter.core.topology.address_pools import PoolUse
from exporter.core.topology.address_use import SubnetUse
from tests.support.builders import observed, shop
from tests.support.families import exposed, section
from tests.support.findings import evaluation, network_finding
from tests.support.scenes import scene

FULL = network_finding("bridge_full", "warning", "front", "br-front", "br-front has 1000 of 1023 ports")
LOST = network_finding("ghost_endpoint", "warning", "front", "old", "one")
FINDINGS = ("dockernet_network_finding", "dockernet_network_findings", "dockernet_findings_suspended")
CONNTRACK = (
    "dockernet_conntrack_entries",
    "dockernet_conntrack_entries_limit",
    "dockernet_conntrack_drops_total",
)
ADDRESSES = ("dockernet_network_addresses", "dockernet_address_pool_subnets")


def text(families: tuple[str, ...], *findings: Finding, kinds: tuple[str, ...] = (), **figures: Any) -> str:
    """What is shown of a host with this evaluation and these figures."""
    network = NetworkResult(evaluation(*findings, kinds=kinds), **figures)
    return section(exposed(replace(observed(shop()), network=network)), *families)


def test_a_finding_is_told_while_it_is_so_and_every_kind_is_counted() -> None:
    assert text(FINDINGS, FULL, kinds=("bridge_full", "orphan_veth")) == (
        "# TYPE dockernet_network_finding gauge\n"
        'dockernet_network_finding{kind="bridge_full",network="front",severity="warning",subject="br-front"} 1.0\n'
        "# TYPE dockernet_network_findings gauge\n"
        'dockernet_network_findings{kind="bridge_full"} 1.0\n'
        'dockernet_network_findings{kind="orphan_veth"} 0.0\n'
        "# TYPE dockernet_findings_suspended gauge\n"
    )


def judged_by(*, connected: bool) -> str:
    """What is shown of an ordinary host."""
    topology = scene(connected=connected).topology
    topology = replace(topology, devices=replace(topology.devices, routes=()))
    result = NetworkEvaluator().evaluate(topology, None, 0.0, connections=ConnectionContext(topology.inventory))
    return section(exposed(replace(observed(topology), network=result)), *FINDINGS)


def test_an_ordinary_host_has_a_zero_for_every_kind() -> None:
    assert judged_by(connected=True).splitlines() == [
        "# TYPE dockernet_network_finding gauge",
        "# TYPE dockernet_network_findings gauge",
        *[f'dockernet_network_findings{{kind="{kind}"}} 0.0' for kind in NETWORK_KINDS],
        "# TYPE dockernet_findings_suspended gauge",
    ]


def test_what_cannot_be_judged_has_no_zero_and_the_reason_is_told() -> None:
    assert judged_by(connected=False).splitlines() == [
        "# TYPE dockernet_network_finding gauge",
        "# TYPE dockernet_network_findings gauge",
        'dockernet_network_findings{kind="conntrack_full"} 0.0',
        "# TYPE dockernet_findings_suspended gauge",
        'dockernet_findings_suspended{reason="engine"} 1.0',
    ]


def test_two_findings_with_the_same_labels_are_one_series() -> None:
    other = network_finding("ghost_endpoint", "warning", "front", "old", "another")
    shown = text(FINDINGS, LOST, other, kinds=("ghost_endpoint",))
    assert shown.count("dockernet_network_finding{") == 1
    assert 'dockernet_network_findings{kind="ghost_endpoint"} 1.0' in shown


def test_the_connection_table_is_told_with_its_losses() -> None:
    assert text(CONNTRACK, conntrack=ConntrackStats(12, 262144, 1, 2, 3)) == (
        "# TYPE dockernet_conntrack_entries gauge\n"
        "dockernet_conntrack_entries 12.0\n"
        "# TYPE dockernet_conntrack_entries_limit gauge\n"
        "dockernet_conntrack_entries_limit 262144.0\n"
        "# TYPE dockernet_conntrack_drops_total counter\n"
        'dockernet_conntrack_drops_total{reason="insert_failed"} 1.0\n'
        'dockernet_conntrack_drops_total{reason="drop"} 2.0\n'
        'dockernet_conntrack_drops_total{reason="early_drop"} 3.0\n'
    )


@pytest.mark.parametrize(("stats", "lines"), [(None, 0), (ConntrackStats(12, 262144), 5)])
def test_what_is_not_counted_is_absent(stats: ConntrackStats | None, lines: int) -> None:
    assert len(text(CONNTRACK, conntrack=stats).strip().splitlines()) == lines


def test_addresses_of_networks_and_pools_are_told() -> None:
    use = SubnetUse("front", "172.18.0.0/16", 4, used=4, available=65532, capacity=65533)
    assert text(ADDRESSES, addresses=(use,), pools=PoolUse(1, 30)) == (
        "# TYPE dockernet_network_addresses gauge\n"
        'dockernet_network_addresses{network="front",state="used",subnet="172.18.0.0/16"} 4.0\n'
        'dockernet_network_addresses{network="front",state="available",subnet="172.18.0.0/16"} 65532.0\n'
        "# TYPE dockernet_address_pool_subnets gauge\n"
        'dockernet_address_pool_subnets{state="used"} 1.0\n'
        'dockernet_address_pool_subnets{state="available"} 30.0\n'
    )


def test_pools_that_are_not_known_are_absent() -> None:
    assert "dockernet_address_pool_subnets{" not in text(ADDRESSES)


def test_every_endpoint_tells_how_often_its_address_changed() -> None:
    shown = text(("dockernet_endpoint_address_changes_total",), address_changes={("web", "back"): 2})
    assert shown == (
        "# TYPE dockernet_endpoint_address_changes_total counter\n"
        'dockernet_endpoint_address_changes_total{container="db",network="back"} 0\n'
        'dockernet_endpoint_address_changes_total{container="web",network="back"} 2\n'
        'dockernet_endpoint_address_changes_total{container="web",network="front"} 0\n'
    )
