"""Tables: columns are named, ordered and dressed by hand; every label of the answer has a column or is dropped."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.builders import prometheus, table
from grafana_foundation_sdk.models import common, dashboard

from grafana.variables import DATASOURCE


@dataclass(frozen=True)
class Column:
    """`source` is a label, or `Value` (`Value #B` with several queries); `links` open where its cells are clicked."""

    source: str
    title: str
    unit: str = ""
    width: int = 0
    cell: dict[str, Any] = field(default_factory=dict)
    steps: Sequence[tuple[float, str]] = ()
    mappings: Sequence[dashboard.ValueMapping] = ()
    links: Sequence[tuple[str, str]] = ()


COLORED = {"type": "color-background", "mode": "basic"}
COLORED_TEXT = {"type": "color-text"}
BAR = {"type": "gauge", "mode": "basic", "valueDisplayMode": "text"}


def listing(
    title: str,
    description: str,
    targets: Sequence[prometheus.Dataquery],
    columns: Sequence[Column],
    *,
    hidden: Sequence[str] = (),
    empty: str = "No data",
    sort: tuple[str, bool] | None = None,
) -> table.Panel:
    """`hidden` are other columns of the answer; `sort` is a title and whether the largest is first."""
    panel = (
        table.Panel()
        .title(title)
        .description(description)
        .datasource(DATASOURCE)
        .unit("none")
        .targets(list(targets))
        .transformations(_arranged(columns, hidden, several=len(targets) > 1))
        .show_header(True)
        .cell_height(common.TableCellHeight.SM)
        .no_value(empty)
    )
    # what is shown when there is no row would also stand in every empty cell
    panel = panel.override_by_regexp("/.*/", [dashboard.DynamicConfigValue(id_val="noValue", value="")])
    if sort:
        title, descending = sort
        panel = panel.sort_by([common_builders.TableSortByFieldState().display_name(title).desc(descending)])
    for column in columns:
        panel = panel.override_by_name(column.title, _properties(column))
    return panel


def _arranged(
    columns: Sequence[Column], hidden: Sequence[str], *, several: bool
) -> list[dashboard.DataTransformerConfig]:
    sources = [column.source for column in columns]
    organize = {
        "excludeByName": dict.fromkeys(("Time", *hidden), True),
        "indexByName": {source: place for place, source in enumerate(sources)},
        "renameByName": {column.source: column.title for column in columns},
    }
    merge = [dashboard.DataTransformerConfig(id_val="merge", options={})] if several else []
    return [*merge, dashboard.DataTransformerConfig(id_val="organize", options=organize)]


def _properties(column: Column) -> list[dashboard.DynamicConfigValue]:
    found: dict[str, Any] = {}
    if column.unit:
        found["unit"] = column.unit
    if column.unit == "percentunit":
        found["decimals"] = 1
    if column.width:
        found["custom.width"] = column.width
    if column.cell:
        found["custom.cellOptions"] = column.cell
    if column.cell == BAR:
        found["min"] = 0
        found |= {"max": 1} if column.unit == "percentunit" else {"fieldMinMax": True}
    if column.mappings:
        found["mappings"] = list(column.mappings)
    if column.steps:
        steps = [
            {"color": "green", "value": None},
            *({"color": color, "value": value} for value, color in column.steps),
        ]
        found["thresholds"] = {"mode": "absolute", "steps": steps}
    if column.links:
        found["links"] = [{"title": title, "url": url, "targetBlank": "://" in url} for title, url in column.links]
    return [dashboard.DynamicConfigValue(id_val=key, value=value) for key, value in found.items()]
