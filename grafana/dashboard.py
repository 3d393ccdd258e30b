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
        .annotations([_engine_lost(), *annotations])
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
