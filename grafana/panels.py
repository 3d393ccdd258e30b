"""Panels with the defaults that Grafana's editor would give and the SDK does not."""

from collections.abc import Sequence

from grafana_foundation_sdk.builders import bargauge, prometheus, stat, statetimeline, timeseries
from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.models import common, dashboard

from grafana.looks import BAD, GOOD, NEUTRAL, thresholds
from grafana.targets import now, over_time
from grafana.variables import DATASOURCE

Links = Sequence[builders.DashboardLink]
Steps = Sequence[tuple[float, str]]
UNKNOWN = "unknown"


def verdict(
    title: str,
    description: str,
    expr: str,
    *,
    unit: str = "none",
    steps: Steps = ((1, BAD),),
    links: Links = (),
    base: str = GOOD,
) -> stat.Panel:
    """One number that is green while all is well; as of now, so that an old answer never looks like a good one."""
    return (
        _stat(title, description, unit)
        .with_target(now(expr))
        .thresholds(thresholds(base, *steps))
        .color_mode(common.BigValueColorMode.BACKGROUND)
        .graph_mode(common.BigValueGraphMode.NONE)
        .no_value(UNKNOWN)
        .data_links(list(links))
    )


def state(
    title: str, description: str, expr: str, mappings: list[dashboard.ValueMapping], *, links: Links = ()
) -> stat.Panel:
    """One value that is shown as a word."""
    return verdict(title, description, expr, steps=(), links=links).mappings(mappings)


def figure(title: str, description: str, expr: str, unit: str, legend: str = "") -> stat.Panel:
    """One number that is neither good nor bad, with its course behind it."""
    return (
        _stat(title, description, unit)
        .with_target(over_time(expr, legend or title))
        .thresholds(thresholds(NEUTRAL))
        .color_mode(common.BigValueColorMode.VALUE)
        .graph_mode(common.BigValueGraphMode.AREA)
        .no_value(UNKNOWN)
    )


def _stat(title: str, description: str, unit: str) -> stat.Panel:
    panel = (
        stat.Panel()
        .title(title)
        .description(description)
        .datasource(DATASOURCE)
        .unit(unit)
        .text_mode(common.BigValueTextMode.VALUE)
        .reduce_options(common_builders.ReduceDataOptions().calcs(["lastNotNull"]))
    )
    return panel.decimals(1) if unit == "percentunit" else panel


def graph(
    title: str,
    description: str,
    unit: str,
    *targets: prometheus.Dataquery,
    links: Links = (),
    minimum: float | None = 0,
) -> timeseries.Panel:
    """Lines over time."""
    tooltip = common_builders.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI)
    panel = (
        timeseries.Panel()
        .title(title)
        .description(description)
        .datasource(DATASOURCE)
        .unit(unit)
        .targets(list(targets))
        .line_width(1)
        .fill_opacity(10)
        .show_points(common.VisibilityMode.NEVER)
        .legend(_below())
        .tooltip(tooltip.sort(common.SortOrder.DESCENDING))
        .data_links(list(links))
    )
    return panel if minimum is None else panel.min(minimum)


def mirrored(
    title: str, description: str, unit: str, received: str, sent: str, legend: str, *, links: Links = ()
) -> timeseries.Panel:
    """What is received above the zero line, what is sent below it."""
    targets = (over_time(received, f"{legend} received", "received"), over_time(sent, f"{legend} sent", "sent"))
    below = [dashboard.DynamicConfigValue(id_val="custom.transform", value="negative-Y")]
    return (
        graph(title, description, unit, *targets, links=links, minimum=None)
        .axis_centered_zero(True)
        .legend(_beside())
        .override_by_query("sent", below)
    )


def _below() -> common_builders.VizLegendOptions:
    """Names alone, in as few lines as they need."""
    options = common_builders.VizLegendOptions().show_legend(True).calcs([])
    return options.display_mode(common.LegendDisplayMode.LIST).placement(common.LegendPlacement.BOTTOM)


def _beside() -> common_builders.VizLegendOptions:
    """Names with their last and largest value: for wide panels."""
    options = common_builders.VizLegendOptions().show_legend(True).calcs(["lastNotNull", "max"])
    return options.display_mode(common.LegendDisplayMode.TABLE).placement(common.LegendPlacement.RIGHT)


def bars(
    title: str,
    description: str,
    unit: str,
    target: prometheus.Dataquery,
    *,
    most: float | None = None,
    steps: Steps = (),
    links: Links = (),
) -> bargauge.Panel:
    """A bar for each series; a scale of their own without `most`."""
    panel = (
        bargauge.Panel()
        .title(title)
        .description(description)
        .datasource(DATASOURCE)
        .unit(unit)
        .with_target(target)
        .min(0)
        .thresholds(thresholds(GOOD if steps else "blue", *steps))
        .orientation(common.VizOrientation.HORIZONTAL)
        .display_mode(common.BarGaugeDisplayMode.BASIC)
        .value_mode(common.BarGaugeValueMode.TEXT)
        .name_placement(common.BarGaugeNamePlacement.LEFT)
        .show_unfilled(True)
        .reduce_options(common_builders.ReduceDataOptions().calcs(["lastNotNull"]))
        .data_links(list(links))
    )
    panel = panel.decimals(1) if unit == "percentunit" else panel
    return panel if most is None else panel.max(most)


def timeline(
    title: str,
    description: str,
    target: prometheus.Dataquery,
    *,
    mappings: list[dashboard.ValueMapping] | None = None,
    steps: Steps = (),
    links: Links = (),
) -> statetimeline.Panel:
    """States over time, a line for each series; a gap where there was none."""
    panel = (
        statetimeline.Panel()
        .title(title)
        .description(description)
        .datasource(DATASOURCE)
        .unit("none")
        .with_target(target)
        .color_scheme(builders.FieldColor().mode(dashboard.FieldColorModeId.THRESHOLDS))
        .thresholds(thresholds(GOOD, *steps))
        .merge_values(True)
        .show_value(common.VisibilityMode.AUTO)
        .row_height(0.8)
        .legend(common_builders.VizLegendOptions().show_legend(False).display_mode(common.LegendDisplayMode.LIST))
        .data_links(list(links))
    )
    return panel.mappings(mappings) if mappings else panel
