"""The committed dashboards, as their users get them."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from grafana.build import FOLDER

# What Grafana puts in for a variable when all is chosen; ranges for data of a scrape each 30 s.
ALL = {"job": ".+", "instance": ".+", "compose_project": ".*", "network": ".+", "container": ".+"}
RANGES = {"__rate_interval": "2m", "__interval": "30s", "__range": "3h"}
VARIABLE = re.compile(r"\$\{?(\w+)(?::\w+)?\}?")

Dashboard = dict[str, Any]


@dataclass(frozen=True)
class Query:
    """What a panel or an annotation asks; `kind` is the panel's type."""

    dashboard: str
    owner: str
    ref: str
    expr: str
    kind: str
    legend: str = ""
    table: bool = False

    def __str__(self) -> str:
        return f"{self.dashboard}: {self.owner} ({self.ref})"

    def expanded(self, ranges: Mapping[str, str] = RANGES) -> str:
        """The expression with all variables put in; $1 of label_replace stays."""
        values = {**ALL, **ranges}
        return VARIABLE.sub(lambda match: values.get(match[1], match[0]), self.expr)


def dashboards() -> list[Dashboard]:
    """All of them."""
    return [json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))]


def panels(dashboard: Dashboard) -> list[dict[str, Any]]:
    """All panels but rows."""
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def panel_queries(dashboard: Dashboard) -> Iterator[Query]:
    """What its panels ask."""
    for panel in panels(dashboard):
        for target in panel.get("targets", ()):
            table = target.get("format") == "table"
            legend = target.get("legendFormat", "")
            yield Query(dashboard["uid"], panel["title"], target["refId"], target["expr"], panel["type"], legend, table)


def annotation_queries(dashboard: Dashboard) -> Iterator[Query]:
    """What its annotations ask."""
    for annotation in dashboard["annotations"]["list"]:
        yield Query(
            dashboard["uid"], annotation["name"], "A", annotation["expr"], "annotation", annotation["textFormat"]
        )


def variables(dashboard: Dashboard) -> dict[str, dict[str, Any]]:
    """Its variables by name."""
    return {variable["name"]: variable for variable in dashboard["templating"]["list"]}
