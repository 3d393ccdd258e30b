"""The runbook of a finding: that of the alert on its kind."""

import os
import re
from functools import cache
from pathlib import Path

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.models import dashboard

from grafana import links

ALERTS = Path(__file__).parents[1] / "deploy/prometheus/alerts.yml"
# Where docs/runbooks of this repository is published: `make dashboards RUNBOOKS=URL` builds with another place.
BASE = os.environ.get("RUNBOOKS") or "https://dockernet.example/docs/runbooks"

_WATCHES = re.compile(
    r"- alert: (?P<alert>\w+)\n"
    r"\s+expr: (?:max without \(confidence\) \(|>-\s+label_replace\()?"
    r"dockernet_(?:port_conflict|nat_drift|network_finding)"
    r'\{kind=~?"(?P<kinds>[\w|]+)"'
)


def url(alert: str) -> str:
    """The runbook of an alert."""
    return f"{BASE}/{alert}.md"


def link(alert: str) -> builders.DashboardLink:
    """A link to the runbook of an alert, which opens in a new tab."""
    return links.link("Runbook", url(alert)).target_blank(True)


@cache
def by_kind() -> dict[str, str]:
    """The alert of each kind of finding, as the alert rules have it."""
    found = _WATCHES.finditer(ALERTS.read_text())
    return {kind: match["alert"] for match in found for kind in match["kinds"].split("|")}


def alerts() -> list[dashboard.ValueMapping]:
    """Show kinds by the names of their alerts; a link to ${__data.fields...} takes the shown text."""
    texts = {
        kind: dashboard.ValueMappingResult(text=alert, index=index)
        for index, (kind, alert) in enumerate(sorted(by_kind().items()))
    }
    return [dashboard.ValueMap(options=texts)]
