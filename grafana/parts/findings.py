"""Findings as tables and lines, whatever they are about: who is hurt, where, by whom, since when, and what to read."""

from collections.abc import Sequence

from grafana_foundation_sdk.builders import statetimeline, table

from grafana import columns, links, runbooks
from grafana.looks import severities
from grafana.panels import Steps, timeline
from grafana.promql import HOST, by_severity, joined, of, relabelled, total
from grafana.tables import COLORED, Column, listing
from grafana.targets import over_time, rows

EVERY_COUNT = (
    f"{of('dockernet_port_conflicts', HOST)}"
    f" or {of('dockernet_nat_drifts', HOST)}"
    f" or {of('dockernet_network_findings', HOST)}"
)

_LABELS = "instance, look_at, kind, alert, who, network, where, holder, holder_kind, confidence"


def _placed(ranked: str, look_at: str, who: str, where: Sequence[tuple[str, ...]]) -> str:
    """Give findings of one family the labels of all; `where` is made of labels: (separator, label, label...)."""
    vector = relabelled(relabelled(ranked, "look_at", look_at), "alert", "$1", "kind", "(.*)")
    if who:
        vector = relabelled(vector, "who", "$1", who, "(.*)")
    for separator, *sources in where:
        vector = joined(vector, "where", separator, *sources)
    return f"max by ({_LABELS}) ({relabelled(vector, 'where', '$1', 'where', '(.*?) *')})"


# `look_at` is the dashboard that shows more.
PORTS = _placed(
    by_severity("dockernet_port_conflict", HOST),
    "ports",
    "wanted_by",
    ((":", "address", "port"), ("/", "where", "protocol")),
)
NAT = _placed(
    by_severity("dockernet_nat_drift", HOST),
    "host",
    "container",
    ((" ", "family", "chain", "protocol", "host_address", "host_port"),),
)
NETWORKS = _placed(by_severity("dockernet_network_finding", HOST), "network", "", ((" ", "subject"),))

_SEVERITY = Column("Value", "Severity", width=90, cell=COLORED, mappings=severities())
_KIND = Column("kind", "Kind", width=160)
_WHO = Column("who", "Who", width=150, links=[("Container", links.to("container", container=links.cell("who")))])
_WHERE = Column("where", "Where")
_HOLDER = Column("holder", "Held by", width=150)
_MORE = f"{links.to_any(links.cell('look_at'))}&var-instance={links.cell('instance')}"
_LOOK_AT = Column("look_at", "Look at", width=90, links=[("Dashboard", _MORE)])
# The alert's name is made of the kind by a value mapping, and links take what is shown.
_RUNBOOK = Column(
    "alert", "Runbook", width=250, mappings=runbooks.alerts(), links=[("Runbook", runbooks.url(links.cell("alert")))]
)


def everything(title: str, description: str) -> table.Panel:
    """Findings of all families."""
    shown = (_SEVERITY, columns.HOST, _KIND, _WHO, _WHERE, columns.NETWORK, _HOLDER, _LOOK_AT, _RUNBOOK)
    return _listing(title, description, f"{PORTS} or {NAT} or {NETWORKS}", shown)


def drifts(title: str, description: str) -> table.Panel:
    """NAT drift alone."""
    return _listing(title, description, NAT, (_SEVERITY, columns.HOST, _KIND, _WHO, _WHERE, columns.NETWORK, _RUNBOOK))


def networks(title: str, description: str) -> table.Panel:
    """What is wrong with networks."""
    return _listing(title, description, NETWORKS, (_SEVERITY, columns.HOST, _KIND, columns.NETWORK, _WHERE, _RUNBOOK))


def conflicts(title: str, description: str) -> table.Panel:
    """Port conflicts alone: the port, the container that should have it, and its holder."""
    holder_kind, confidence = Column("holder_kind", "Which is a", width=110), Column("confidence", "Known", width=100)
    shown = (_SEVERITY, columns.HOST, _KIND, _WHO, _WHERE, _HOLDER, holder_kind, confidence, _RUNBOOK)
    return _listing(title, description, PORTS, shown)


def over_the_range(title: str, family: str, steps: Steps) -> statetimeline.Panel:
    """How many findings of a kind a host had, for the kinds that occurred at all."""
    counts = of(family, HOST)
    occurred = f"max_over_time({counts}[$__range] @ end()) > 0"
    return timeline(
        title,
        "How many findings of a kind a host had, for the kinds that occurred in the time range.",
        over_time(
            f"{total('instance, kind', counts)} and on (instance, kind) ({occurred})", "{{kind}} on {{instance}}"
        ),
        steps=steps,
        links=links.SERIES_HOST,
    )


def _listing(title: str, description: str, found: str, shown: Sequence[Column]) -> table.Panel:
    hidden = set(_LABELS.split(", ")) - {column.source for column in shown}
    return listing(
        title, description, [rows(f"sort_desc({found})")], shown, hidden=sorted(hidden), empty="Nothing is wrong"
    )
