"""The documents say what the code does."""

import re
from collections.abc import Mapping
from pathlib import Path

import click
from msgspec.structs import replace

from exporter.cli.main import cli
from exporter.config import COLLECTORS
from exporter.core.connections.lookups import LookupCounts
from exporter.core.connections.pair import ConnectionReport, Pair, PairSums
from exporter.core.connections.reading import Counts, Living
from exporter.core.explain.codes import CODES
from exporter.core.model.conntrack import ConntrackStats
from exporter.core.model.container_details import Details, PortBinding
from exporter.core.model.sockets import HostSockets, Listener, ListeningSocket, Owner, ProxyUse
from exporter.core.nat.drift import Subject, drift
from exporter.core.nat.flows import FlowCounts
from exporter.core.nat.ledger import Series
from exporter.core.nat.reading import NatReading
from exporter.core.nat.rule_counts import RuleCounts
from exporter.core.nat.rules import NAT_KINDS
from exporter.core.nat.ruleset import Ruleset
from exporter.core.nat.view import CounterTotals, NatView
from exporter.core.network.evaluator import NetworkEvaluator
from exporter.core.observation import EngineStats
from exporter.core.ports.bind_failures import BindFailureReport
from exporter.core.ports.result import PortResult
from exporter.core.ports.rules import PORT_KINDS
from exporter.core.topology.topology import Topology
from exporter.core.traffic.tcp_udp_ledger import NamespaceCounts, NamespaceStats
from exporter.metrics.exposition import TEMPLATED_GROUPS, cached_groups
from tests.support import builders
from tests.support.documented import documented
from tests.support.families import exposed
from tests.support.findings import evaluation, network_finding, port_conflict

REPOSITORY = Path(__file__).parents[3]
SERIES = re.compile(r"^(?P<name>dockernet_\w+)(?:\{(?P<labels>.*)\})? \S+$", re.MULTILINE)
LABEL = re.compile(r'(\w+)="')
# Families that have no series on a host without faults; their labels are in the tests of their own files.
SILENT = {"dockernet_collector_degraded", "dockernet_series_dropped_total"}

WANTED: dict[str, str | int] = {"protocol": "tcp", "address": "0.0.0.0", "port": 80, "wanted_by": "web"}
STOLEN = port_conflict("published_stolen", "critical", "confirmed", "", **WANTED, holder="nginx", holder_kind="process")
COUNTED = Counts(established=1, refused=1, reset=1, setup_ns=1)
CONNECTIONS = ConnectionReport(
    {Pair("web", "db", "container", "80", "client"): PairSums(COUNTED, Living(1, 0, 100, 1), 1.0, 1.0)}
)
PORTS = PortResult(evaluation(STOLEN, kinds=("published_stolen",)))


def everything() -> str:
    """The exposition of a host on which everything has happened once."""
    topology = with_published_port(builders.shop())
    stats = EngineStats(events={("container", "start"): 1}, resyncs={"start": 1})
    rows = [builders.row(ifindex) for ifindex in topology.devices.links]
    conntrack = ConntrackStats(entries=1, limit=2, insert_failed=0, drop=0, early_drop=0)
    network = NetworkEvaluator().evaluate(topology, conntrack, now=0)
    finding = network_finding("mtu_mismatch", "warning", "front", "eth0", "too large")
    observed = builders.observed(topology, *rows, stats=stats)
    network = replace(network, evaluation=evaluation(finding, kinds=("mtu_mismatch",), missing=("engine",)))
    observed = replace(observed, network=network, ports=PORTS)
    namespaces = NamespaceCounts((("web", 1.0),), [NamespaceStats(*range(1, 10))], 1.0)
    peers = {topology.networks[0].id: 1}
    listening = Listener(ListeningSocket("tcp", "0.0.0.0", 8080), Owner("docker-proxy", "web", "web-id"))
    observed = replace(observed, sockets=HostSockets((listening,)), proxies={"web": ProxyUse(1, 4096)})
    refused = BindFailureReport({("web", "tcp", "8080"): 1}, attached={"bind_refused": "fexit"})
    observed = replace(observed, nat=nat_of_everything(), bind_failures=refused, connections=CONNECTIONS)
    observed = replace(observed, changes={"container_died": 1}, lookups=LookupCounts((("web", 1.0),), ((0, 1),)))
    return exposed(replace(observed, namespaces=namespaces, learned={}, overlay_peers=peers))


def nat_of_everything() -> NatView:
    """One of each that rules and the connection table tell."""
    port = ("web", "tcp", "8080")
    missing = drift("missing_dnat", "critical", Subject("ip", "DOCKER", "front", *port[:2], "0.0.0.0", "8080"), "")
    once: Mapping[Series, int] = {("web", "DNAT"): 1}
    return NatView(
        reading=NatReading(nft=Ruleset(), changes=1),
        counts=RuleCounts({("ip", "nat", "DOCKER", "DNAT"): 1}, once, once, {"ip": 1}),
        evaluation=evaluation(missing, kinds=("missing_dnat",)),
        connections=CounterTotals({port: 1}),
        masquerades=CounterTotals({("front",): 1}),
        drops=CounterTotals({("front", "isolation"): 1}),
        flows=FlowCounts({("web", "tcp"): 1}, {port: 1}),
    )


def with_published_port(topology: Topology) -> Topology:
    """The same, and web publishes a port."""
    inventory = topology.inventory
    published = Details(published=(PortBinding("tcp", 80, "0.0.0.0", 8080, 8080),))
    web = replace(inventory.containers["web-id"], details=published)
    return replace(topology, inventory=replace(inventory, containers={**inventory.containers, web.id: web}))


def families(text: str) -> dict[str, str]:
    return {
        line.split(" ")[2]: line.split(" ")[3] for line in text.splitlines() if line.startswith("# TYPE dockernet_")
    }


def test_every_family_is_documented_with_its_type_and_nothing_else_is() -> None:
    exposed_families = families(everything()) | {
        counter.name: counter.kind for group in TEMPLATED_GROUPS for counter in group.counters
    }
    kinds = {name: "gauge" if kind == "info" else kind for name, (kind, _) in documented().items()}
    assert kinds == exposed_families


def test_every_label_is_documented() -> None:
    found: dict[str, frozenset[str]] = {}
    for series in SERIES.finditer(everything()):
        name = series["name"].removesuffix("_sum").removesuffix("_count")
        found[name] = frozenset(LABEL.findall(series["labels"] or ""))
    wanted = {name: labels for name, (_, labels) in documented().items() if name not in SILENT}
    assert found == wanted


def test_every_flag_is_in_the_readme_and_every_flag_there_exists() -> None:
    readme = (REPOSITORY / "README.md").read_text()
    table = readme.partition("## Flags")[2].partition("\n## ")[0]
    written = set(re.findall(r"`(--[\w.-]+)`", table.replace("`--web.listen-address` is", "")))
    parameters = [parameter for parameter in cli.params if isinstance(parameter, click.Option)]
    existing = {name for parameter in parameters for name in (*parameter.opts, *parameter.secondary_opts)}
    assert written == existing - {"--help"}


def test_the_readme_counts_the_kinds_of_findings() -> None:
    text = (REPOSITORY / "README.md").read_text()
    assert re.findall(r"(\d+) kinds of (\w+)", text) == [
        (f"{len(PORT_KINDS)}", "conflict"),
        (f"{len(NAT_KINDS)}", "drift"),
    ]


def test_every_collector_has_families() -> None:
    """Refused binds are few, and rendered at each scrape."""
    rendered = {group.collector for group in TEMPLATED_GROUPS} | {group.collector for group in cached_groups()}
    assert rendered | {"bind-failures"} == set(COLLECTORS)


def test_the_codes_of_explain_are_documented_with_cause_remedy_and_findings() -> None:
    text = (REPOSITORY / "docs/explain.md").read_text().partition("| code |")[2].partition("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()[2:] if line]
    documented = {
        code.strip("`"): (cause, remedy, tuple(re.findall(r"`(\w+)`", kinds))) for code, cause, remedy, kinds in rows
    }
    assert documented == {name: (code.cause, code.remedy(), code.kinds) for name, code in CODES.items()}


def named_files(text: str) -> set[str]:
    return set(re.findall(r"`((?:\w+/)*\w+\.(?:py|yml))`", text))


def test_every_file_that_the_architecture_names_exists() -> None:
    names = named_files((REPOSITORY / "docs/architecture.md").read_text())
    everywhere = [
        path.as_posix() for top in ("exporter", "tests", "deploy") for path in (REPOSITORY / top).rglob("*.*")
    ]
    assert len(names) > 20
    assert [name for name in sorted(names) if not any(path.endswith(f"/{name}") for path in everywhere)] == []


def test_a_file_with_a_folder_and_a_file_alone_are_both_names() -> None:
    assert named_files("`a/b.py`, `c.py` and `d`, e.py") == {"a/b.py", "c.py"}
