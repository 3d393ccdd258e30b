"""What all dashboards have in common: variables, menu, refresh, annotations."""

from collections.abc import Sequence

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.models import dashboard

from grafana import links
from grafana.grid import Grid
from grafana.promql import HOST, of, rate
from grafana.variables import DATASOURCE, variables

REFRESH = "30s"
RANGE = "now-3h"
CHANGES = "dockernet_changes_total"
# Kinds of changes that seldom happen without an operator.
CAUSES = "exporter_started|engine_.+|rules_removed|uplink_changed|bridge_changed|route_changed|finding_began|network_.+"


def assembled(
    name: str,
    title: str,
    description: str,
    chosen_by: Sequence[str],
    grid: Grid,
    *annotations: builders.AnnotationQuery,
) -> dashboard.Dashboard:
    """A dashboard; `chosen_by` are its variables in addition to data source, job and instance."""
    built = (
        builders.Dashboard(f"Docker networking / {title}")
        .uid(links.UIDS[name])
        .description(description)
        .tags([links.TAG])
        .readonly()
        .refresh(REFRESH)
        .time(RANGE, "now")
        .timezone("browser")
        .tooltip(dashboard.DashboardCursorSync.CROSSHAIR)
        .variables(variables(*chosen_by))
        .link(links.menu())
        .annotations([_engine_lost(), *_changes(), *annotations])
        .build()
    )
    built.panels = grid.panels
    return built


def annotation(name: str, color: str, expr: str, title: str, text: str, tags: str) -> builders.AnnotationQuery:
    """Mark the moments at which a query has series: `title` and `text` may name their {{labels}}."""
    return (
        builders.AnnotationQuery()
        .name(name)
        .datasource(DATASOURCE)
        .enable(True)
        .hide(False)
        .icon_color(color)
        .expr(expr)
        .title_format(title)
        .text_format(text)
        .tag_keys(tags)
        .step("60s")
    )


def _engine_lost() -> builders.AnnotationQuery:
    lost = f"{of('dockernet_up', HOST)} == 0 or {rate('dockernet_engine_event_stream_reconnects_total', HOST)} > 0"
    return annotation("Engine away", "red", lost, "Engine away", "{{instance}}", "instance")


def _changes() -> tuple[builders.AnnotationQuery, builders.AnnotationQuery]:
    """The history's entries by kind: what may be the cause of a fault, and, switched off, what happens on every day."""
    found = [
        annotation(
            name, color, f"sum by (instance, kind) ({rate(CHANGES, labels)}) > 0", "{{kind}}", "{{instance}}", "kind"
        )
        for name, color, labels in (
            ("Changes", "orange", f'{HOST}, kind=~"{CAUSES}"'),
            ("Containers", "blue", f'{HOST}, kind!~"{CAUSES}"'),
        )
    ]
    return found[0], found[1].enable(False)
