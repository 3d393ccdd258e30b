"""Graphs of nodes and edges: a query for each, whose rows have the fields that the panel goes by."""

from grafana_foundation_sdk.builders import nodegraph
from grafana_foundation_sdk.models import dashboard
from grafana_foundation_sdk.models import nodegraph as models

from grafana.targets import rows
from grafana.variables import DATASOURCE


def node_graph(title: str, description: str, unit: str, nodes: str, edges: str) -> nodegraph.Panel:
    """Draw nodes (id, title, subtitle, color) and edges (id, source, target), each with its value."""
    panel = (
        nodegraph.Panel()
        .title(title)
        .description(description)
        .datasource(DATASOURCE)
        .unit(unit)
        .with_target(rows(nodes, "nodes"))
        .with_target(rows(edges, "edges"))
        .nodes(nodegraph.NodeOptions().main_stat_unit(unit))
        .edges(nodegraph.EdgeOptions().main_stat_unit(unit))
        .zoom_mode(models.ZoomMode.COOPERATIVE)
    )
    for frame in ("nodes", "edges"):
        panel = panel.with_transformation(_main_stat(frame))
    return panel


def _main_stat(frame: str) -> dashboard.DataTransformerConfig:
    """Make the number a field that is named mainstat: the panel goes by a field's name, which a renaming leaves."""
    column = {"matcher": {"id": "byName", "options": f"Value #{frame}"}}
    return dashboard.DataTransformerConfig(
        id_val="calculateField",
        # without a filter both frames would become one
        filter_val=dashboard.MatcherConfig(id_val="byRefId", options=frame),
        options={
            "mode": "binary",
            "alias": "mainstat",
            "binary": {"left": column, "operator": "+", "right": {"fixed": "0"}},
        },
    )
