"""The rule files and their unit tests as values."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import promql_parser
import yaml

REPOSITORY = Path(__file__).parents[2]
PROMETHEUS = REPOSITORY / "deploy/prometheus"
DOCS = REPOSITORY / "docs"
RUNBOOKS = DOCS / "runbooks"
ALERTS, RECORDING = PROMETHEUS / "alerts.yml", PROMETHEUS / "recording.yml"
UNIT_TESTS = sorted((PROMETHEUS / "tests").glob("*.yml"))
SCRAPES = sorted(PROMETHEUS.glob("prometheus*.yml"))
# Metrics that Prometheus makes itself, and labels that every scraped series has.
OWN_METRICS = {"up": frozenset[str]()}
TARGET_LABELS = frozenset({"job", "instance"})


@dataclass(frozen=True)
class Selector:
    """What an expression reads of one metric: its name, '' where a matcher says it, and the labels it goes by."""

    metric: str
    labels: frozenset[str]


@dataclass(frozen=True)
class Firing:
    """An alert that a unit test expects, and with which labels and annotations."""

    labels: dict[str, str]
    annotations: dict[str, str]


def rules(path: Path) -> list[dict[str, Any]]:
    """All rules of a file, in their order."""
    return [rule for group in yaml.safe_load(path.read_text())["groups"] for rule in group["rules"]]


def alerts() -> dict[str, dict[str, Any]]:
    """All alerts by name."""
    return {rule["alert"]: rule for rule in rules(ALERTS)}


def selectors(expression: str) -> list[Selector]:
    """Everything that an expression reads."""
    return list(_selectors(promql_parser.parse(expression)))


def _selectors(node: Any) -> Iterator[Selector]:
    if isinstance(node, promql_parser.VectorSelector):
        matchers = node.matchers.matchers
        names = [m.value for m in matchers if m.name == "__name__"]
        labels = frozenset(m.name for m in matchers) - {"__name__"}
        for metric in [node.name] if node.name else names[0].split("|"):
            yield Selector(metric, labels)
        return
    parts = [getattr(node, name, None) for name in ("lhs", "rhs", "expr", "vector_selector", "param")]
    for part in [*parts, *(getattr(node, "args", None) or ())]:
        if part is not None:
            yield from _selectors(part)


@cache
def expected() -> tuple[tuple[str, list[Firing]], ...]:
    """What the unit tests expect of an alert at each moment that they look at it."""
    return tuple(_expected())


def _expected() -> Iterator[tuple[str, list[Firing]]]:
    for path in UNIT_TESTS:
        for test in yaml.safe_load(path.read_text())["tests"]:
            for look in test.get("alert_rule_test", ()):
                firing = [Firing(alert["exp_labels"], alert["exp_annotations"]) for alert in look["exp_alerts"]]
                yield look["alertname"], firing
