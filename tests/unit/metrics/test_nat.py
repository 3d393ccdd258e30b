"""Rules, drift and connections, as text."""

from collections.abc import Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from exporter.config import COLLECTORS
from exporter.core.nat.drift import Subject, drift
from exporter.core.nat.flows import FlowCounts
from exporter.core.nat.reading import NatReading
from exporter.core.nat.rule_counts import RuleCounts
from exporter.core.nat.rules import NAT_KINDS
from exporter.core.nat.ruleset import Ruleset
from exporter.core.nat.view import CounterTotals, NatView
from exporter.core.observation import Observation
from exporter.metrics import nat_connections
from exporter.metrics.build import counter, gauge
from exporter.metrics.templated import TemplatedGroup, TemplatedRenderer
from tests.support.builders import CREATED, observed, shop
from tests.support.families import by_prometheus_client, exposed, section, values
from tests.support.findings import evaluation

READ = NatReading(nft=Ruleset(), changes=7)
RULES = (
    "dockernet_nat_rules",
    "dockernet_network_nat_rules",
    "dockernet_container_nat_rules",
    "dockernet_user_rules",
    "dockernet_network_masquerade_connections_total",
    "dockernet_filter_drops_total",
    "dockernet_nat_ruleset_changes_total",
    "dockernet_published_port_connections_total",
)
FLOWS = (
    "dockernet_published_port_connections_active",
    "dockernet_container_conntrack_entries",
    "dockernet_conntrack_age_seconds",
)
DRIFT = ("dockernet_nat_drift", "dockernet_nat_drifts", "dockernet_findings_suspended", "dockernet_engine_info")
WEB = ("web", "tcp", "8080")
COUNTS = RuleCounts(
    rules={
        ("ip", "nat", "DOCKER", "DNAT"): 2,
        ("ip", "filter", "other", "ACCEPT"): 1,
        ("ip6", "nat", "DOCKER", "DNAT"): 1,
    },
    networks={("front", "MASQUERADE"): 1},
    containers={("web", "DNAT"): 3},
    user={"ip6": 0, "ip": 4},
)
MISSING = drift("missing_dnat", "critical", Subject("ip", "DOCKER", "front", *WEB[:2], "0.0.0.0", "8080"), "so it is")
OFF = drift("forwarding_off", "critical", Subject("ip"), "so it is")


def seen(**view: Any) -> Observation:
    """An ordinary host with this NAT."""
    return replace(observed(shop()), nat=NatView(**view))


def text(families: tuple[str, ...], **view: Any) -> str:
    return section(exposed(seen(**view)), *families)


def test_rules_are_counted_by_chain_and_by_whose_they_are() -> None:
    assert text(RULES[:4], reading=READ, counts=COUNTS) == (
        "# TYPE dockernet_nat_rules gauge\n"
        'dockernet_nat_rules{chain="other",family="ip",table="filter",target="ACCEPT"} 1.0\n'
        'dockernet_nat_rules{chain="DOCKER",family="ip",table="nat",target="DNAT"} 2.0\n'
        'dockernet_nat_rules{chain="DOCKER",family="ip6",table="nat",target="DNAT"} 1.0\n'
        "# TYPE dockernet_network_nat_rules gauge\n"
        'dockernet_network_nat_rules{network="front",target="MASQUERADE"} 1.0\n'
        "# TYPE dockernet_user_rules gauge\n"
        'dockernet_user_rules{family="ip"} 4.0\n'
        'dockernet_user_rules{family="ip6"} 0.0\n'
        "# TYPE dockernet_container_nat_rules gauge\n"
        'dockernet_container_nat_rules{container="web",target="DNAT"} 3\n'
    )


def test_connections_are_told_with_those_that_have_none() -> None:
    view = {
        "reading": READ,
        "connections": CounterTotals({WEB: 2**53 + 1, ("api", "tcp", "8081"): 0}, {WEB: 5.0}),
        "masquerades": CounterTotals({("front",): 3}),
        "drops": CounterTotals({("front", "isolation"): 4, ("back", "direct_access"): 0}),
    }
    assert text(RULES[4:], **view) == (
        "# TYPE dockernet_network_masquerade_connections_total counter\n"
        'dockernet_network_masquerade_connections_total{network="front"} 3.0\n'
        "# TYPE dockernet_filter_drops_total counter\n"
        'dockernet_filter_drops_total{network="back",reason="direct_access"} 0.0\n'
        'dockernet_filter_drops_total{network="front",reason="isolation"} 4.0\n'
        "# TYPE dockernet_nat_ruleset_changes_total counter\n"
        "dockernet_nat_ruleset_changes_total 7.0\n"
        "# TYPE dockernet_published_port_connections_total counter\n"
        'dockernet_published_port_connections_total{container="web",host_port="8080",protocol="tcp"} 9007199254740993\n'
        'dockernet_published_port_connections_total{container="api",host_port="8081",protocol="tcp"} 0\n'
    )


def test_openmetrics_says_when_a_sum_began() -> None:
    view = seen(
        reading=READ,
        connections=CounterTotals({WEB: 2}, {WEB: 5.0}),
        masquerades=CounterTotals({("front",): 3}, {("front",): 6.0}),
    )
    found = values(exposed(view, openmetrics=True), openmetrics=True)
    port = tuple(sorted(zip(("container", "protocol", "host_port"), WEB, strict=True)))
    assert found["dockernet_published_port_connections_created", port] == 5.0
    assert found["dockernet_network_masquerade_connections_created", (("network", "front"),)] == 6.0
    assert found["dockernet_nat_ruleset_changes_created", ()] == CREATED


def test_what_could_not_be_read_is_absent_and_not_zero() -> None:
    """Even where earlier sums are known."""
    assert (
        text(RULES, counts=COUNTS, connections=CounterTotals({WEB: 2}), masquerades=CounterTotals({("front",): 3}))
        == "\n"
    )
    assert text(FLOWS, reading=READ) == "\n"
    assert section(exposed(observed(shop())), *RULES, *FLOWS, *DRIFT[:2]) == "\n"


def test_iptables_legacy_tells_no_changes() -> None:
    shown = text(RULES, reading=NatReading(legacy=Ruleset()), counts=COUNTS)
    assert "dockernet_nat_ruleset_changes_total" not in shown
    assert "dockernet_nat_rules{" in shown


def test_without_the_collector_nothing_of_it_is_told() -> None:
    others = [name for name in COLLECTORS if name != "nat"]
    shown = exposed(replace(seen(), nat=None), collectors=others)
    assert section(shown, *RULES, *FLOWS, *DRIFT[:2]) == "\n"


def test_the_connection_table_is_told_with_its_age() -> None:
    flows = FlowCounts({("web", "tcp"): 4, ("web", "udp"): 1}, {WEB: 2, ("dns", "udp", "53"): 0})
    assert text(FLOWS, flows=flows, flows_age=2.5) == (
        "# TYPE dockernet_conntrack_age_seconds gauge\n"
        "dockernet_conntrack_age_seconds 2.5\n"
        "# TYPE dockernet_published_port_connections_active gauge\n"
        'dockernet_published_port_connections_active{container="web",host_port="8080",protocol="tcp"} 2\n'
        'dockernet_published_port_connections_active{container="dns",host_port="53",protocol="udp"} 0\n'
        "# TYPE dockernet_container_conntrack_entries gauge\n"
        'dockernet_container_conntrack_entries{container="web",protocol="tcp"} 4\n'
        'dockernet_container_conntrack_entries{container="web",protocol="udp"} 1\n'
    )


def test_a_drift_is_told_while_it_is_so_and_every_kind_is_counted() -> None:
    found = evaluation(MISSING, OFF, kinds=("missing_dnat", "wrong_dnat", "forwarding_off"))
    assert text(DRIFT[:2], reading=READ, evaluation=found) == (
        "# TYPE dockernet_nat_drift gauge\n"
        'dockernet_nat_drift{chain="DOCKER",container="web",family="ip",host_address="0.0.0.0",host_port="8080",'
        'kind="missing_dnat",network="front",protocol="tcp",severity="critical"} 1.0\n'
        'dockernet_nat_drift{chain="",container="",family="ip",host_address="",host_port="",kind="forwarding_off",'
        'network="",protocol="",severity="critical"} 1.0\n'
        "# TYPE dockernet_nat_drifts gauge\n"
        'dockernet_nat_drifts{kind="missing_dnat"} 1.0\n'
        'dockernet_nat_drifts{kind="wrong_dnat"} 0.0\n'
        'dockernet_nat_drifts{kind="forwarding_off"} 1.0\n'
    )


def test_an_ordinary_host_has_a_zero_for_every_kind() -> None:
    shown = text(DRIFT[:2], reading=READ, evaluation=evaluation(kinds=NAT_KINDS)).splitlines()
    assert shown[2:] == [f'dockernet_nat_drifts{{kind="{kind}"}} 0.0' for kind in NAT_KINDS]


def test_two_drifts_with_the_same_labels_are_one_series() -> None:
    twice = evaluation(MISSING, replace(MISSING, detail="another sentence"), kinds=("missing_dnat",))
    shown = text(DRIFT[:2], reading=READ, evaluation=twice)
    assert shown.count("dockernet_nat_drift{") == 1
    assert 'dockernet_nat_drifts{kind="missing_dnat"} 1.0' in shown


def test_what_cannot_be_judged_has_no_zero_and_the_reason_is_told() -> None:
    blind = evaluation(missing=("nat", "no_docker_rules"))
    shown = text(DRIFT, evaluation=blind, backend="nftables", userland_proxy="true")
    assert "dockernet_nat_drifts{" not in shown
    assert 'dockernet_findings_suspended{reason="no_docker_rules"} 1.0' in shown
    assert 'dockernet_findings_suspended{reason="nat"} 1.0' in shown
    assert 'firewall_backend="nftables"' in shown
    assert 'userland_proxy="true"' in shown


NASTY = ['quo"te', "back\\slash", "new\nline", "100 %d %s %% {}", "crab 🦀", ""]
PORTS: dict[tuple[str, ...], int] = {
    (name, "tcp", str(number)): 2**40 + number for number, name in enumerate(NASTY, 8080)
}
PAIRS: dict[tuple[str, ...], int] = {(name, "DNAT"): number for number, name in enumerate(NASTY)}
FULL = seen(
    reading=READ,
    connections=CounterTotals(PORTS, dict.fromkeys(PORTS, 5.0)),
    counts=RuleCounts(containers=PAIRS),
    flows=FlowCounts(PAIRS, PORTS),
)
LABELS: Mapping[str, tuple[str, ...]] = {
    "dockernet_published_port_connections_total": ("container", "protocol", "host_port"),
    "dockernet_published_port_connections_active": ("container", "protocol", "host_port"),
    "dockernet_container_nat_rules": ("container", "target"),
    "dockernet_container_conntrack_entries": ("container", "protocol"),
}


def by_client(group: TemplatedGroup, *, openmetrics: bool) -> str:
    """The same family by the other renderer."""
    [described] = group.counters
    counts = described.name.endswith("_total")
    family = (counter if counts else gauge)(described.name, described.documentation, LABELS[described.name])
    for key, value in (PORTS if "host_port" in LABELS[described.name] else PAIRS).items():
        family.add_metric(key, value, **({"created": 5.0} if counts else {}))  # type: ignore[arg-type]
    return by_prometheus_client([family], openmetrics=openmetrics).decode()


def heads(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith(("# HELP", "# TYPE"))]


@pytest.mark.parametrize("openmetrics", [False, True], ids=["text", "openmetrics"])
@pytest.mark.parametrize("group", nat_connections.GROUPS, ids=lambda group: group.counters[0].name)
def test_both_renderers_agree(group: TemplatedGroup, openmetrics: bool) -> None:  # noqa: FBT001
    ours = b"".join(TemplatedRenderer(group).render(FULL, openmetrics=openmetrics, limit=99)[0]).decode()
    theirs = by_client(group, openmetrics=openmetrics)
    end = "# EOF\n" if openmetrics else ""
    found, wanted = (values(text.removesuffix(end) + end, openmetrics=openmetrics) for text in (ours, theirs))
    assert found == wanted
    assert heads(ours) == heads(theirs)


def test_series_come_and_go_with_their_ports() -> None:
    renderer = TemplatedRenderer(nat_connections.GROUPS[0])

    def shown(counts: dict[tuple[str, ...], int]) -> set[tuple[str, float]]:
        observation = seen(reading=READ, connections=CounterTotals(counts))
        found = b"".join(renderer.render(observation, openmetrics=False, limit=99)[0]).decode()
        return {(dict(labels)["container"], value) for (_, labels), value in values(found).items()}

    assert shown({WEB: 1}) == {("web", 1)}
    assert shown({WEB: 2, ("api", "tcp", "8081"): 5}) == {("web", 2), ("api", 5)}
    assert shown({("api", "tcp", "8081"): 6}) == {("api", 6)}
    assert shown({}) == set()
