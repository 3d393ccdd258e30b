"""The documents say what the code does."""

import re
from dataclasses import replace
from pathlib import Path

import click

from exporter.cli import cli
from exporter.config import COLLECTORS
from exporter.core.conntrack import ConntrackStats
from exporter.core.finding import Finding
from exporter.core.judge import Judge
from exporter.core.namespace_stats import NamespaceCounts, NamespaceStats
from exporter.core.observation import EngineStats
from exporter.metrics.exposition import HOT_GROUPS
from tests import builders
from tests.metrics.families import exposed

REPOSITORY = Path(__file__).parents[1]
ROW = re.compile(
    r"^\| `(?P<name>dockernet_\w+)(?:\{(?P<labels>[\w,]+)\})?` \| (?P<kind>counter|gauge|info) \| .+ \|$", re.MULTILINE
)
SERIES = re.compile(r"^(?P<name>dockernet_\w+)(?:\{(?P<labels>.*)\})? \S+$", re.MULTILINE)
LABEL = re.compile(r'(\w+)="')
# Families that have no series on a host without faults; their labels are in the tests of their own files.
SILENT = {"dockernet_collector_degraded", "dockernet_series_dropped_total"}


def everything() -> str:
    """The exposition of a host on which everything has happened once."""
    topology = builders.shop()
    stats = EngineStats(events={("container", "start"): 1}, resyncs={"start": 1})
    rows = [builders.row(ifindex) for ifindex in topology.devices.links]
    conntrack = ConntrackStats(entries=1, limit=2, insert_failed=0, drop=0, early_drop=0)
    judgement = Judge().judge(topology, conntrack, now=0)
    finding = Finding("mtu_mismatch", "warning", "front", "eth0", "too large")
    observed = builders.observed(topology, *rows, stats=stats)
    observed = replace(observed, judgement=replace(judgement, findings=(finding,), suspended=("engine",)))
    namespaces = NamespaceCounts((("web", 1.0),), [NamespaceStats(*range(1, 10))], 1.0)
    peers = {topology.networks[0].id: 1}
    return exposed(replace(observed, namespaces=namespaces, learned={}, overlay_peers=peers))


def documented() -> dict[str, tuple[str, frozenset[str]]]:
    text = (REPOSITORY / "docs/metrics.md").read_text()
    return {
        row["name"]: (row["kind"], frozenset((row["labels"] or "").split(",")) - {""}) for row in ROW.finditer(text)
    }


def families(text: str) -> dict[str, str]:
    return {
        line.split(" ")[2]: line.split(" ")[3] for line in text.splitlines() if line.startswith("# TYPE dockernet_")
    }


def test_every_family_is_documented_with_its_type_and_nothing_else_is() -> None:
    exposed_families = families(everything()) | {
        counter.name: "counter" if counter.name.endswith("_total") else "gauge"
        for group in HOT_GROUPS
        for counter in group.counters
    }
    kinds = {name: "gauge" if kind == "info" else kind for name, (kind, _) in documented().items()}
    assert kinds == exposed_families


def test_every_label_is_documented() -> None:
    found: dict[str, frozenset[str]] = {}
    for series in SERIES.finditer(everything()):
        found[series["name"]] = frozenset(LABEL.findall(series["labels"] or ""))
    wanted = {name: labels for name, (_, labels) in documented().items() if name not in SILENT}
    assert found == wanted


def test_every_flag_is_in_the_readme_and_every_flag_there_exists() -> None:
    readme = (REPOSITORY / "README.md").read_text()
    table = readme.partition("## Flags")[2].partition("\n## ")[0]
    written = set(re.findall(r"`(--[\w.-]+)`", table.replace("`--web.listen-address` is", "")))
    parameters = [parameter for parameter in cli.params if isinstance(parameter, click.Option)]
    existing = {name for parameter in parameters for name in (*parameter.opts, *parameter.secondary_opts)}
    assert written == existing - {"--help"}


def test_every_collector_has_families() -> None:
    assert {group.collector for group in HOT_GROUPS} | {"inventory"} == set(COLLECTORS)
