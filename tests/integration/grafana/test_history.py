"""Dashboards show something: each query is asked of a real Prometheus that has the history of the preview's hosts."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from grafana.preview.__main__ import END, HOURS
from grafana.preview.history import History
from grafana.preview.prometheus import instant, made_up, over_time, serving
from tests.support.grafana.contract import labels_by_family
from tests.support.grafana.dashboards import Query, annotation_queries, dashboards, panel_queries, panels
from tests.support.grafana.expressions import selectors
from tests.support.private_host.engines import PackageUnavailableError

LABEL = re.compile(r"\{\{(\w+)\}\}")
PANEL_QUERIES = [query for dashboard in dashboards() for query in panel_queries(dashboard)]
ANNOTATIONS = [query for dashboard in dashboards() for query in annotation_queries(dashboard)]
MATRIX = "groupingToMatrix"  # its columns are values of a label
TABLES = [
    (d["uid"], panel)
    for d in dashboards()
    for panel in panels(d)
    if panel["type"] == "table" and panel["transformations"][-1]["id"] != MATRIX
]


@pytest.fixture(scope="module")
def history() -> History:
    return made_up(END, HOURS)


@pytest.fixture(scope="module")
def prometheus(history: History) -> Iterator[str]:
    try:
        with serving(history) as address:
            yield address
    except PackageUnavailableError as error:
        pytest.skip(f"no Prometheus: {error}")


def series(prometheus: str, query: Query) -> list[dict[str, str]]:
    """The labels of each series of a query at the end."""
    return [row["metric"] for row in instant(prometheus, query.expanded(), END)]


def called(query: Query, metric: Mapping[str, str]) -> str:
    """How a series is called in the legend."""
    return LABEL.sub(lambda match: metric[match[1]], query.legend)


def test_the_history_has_families_and_labels_as_the_exporter_gives_them(history: History) -> None:
    known = labels_by_family()
    for text in history.series():
        [selector] = selectors(text)
        assert selector.labels <= known[selector.family], text


@pytest.mark.parametrize("query", PANEL_QUERIES, ids=str)
def test_a_panel_is_not_empty(prometheus: str, query: Query) -> None:
    assert series(prometheus, query)


@pytest.mark.parametrize("query", ANNOTATIONS, ids=str)
def test_an_annotation_marks_what_happened_and_not_all_the_time(prometheus: str, query: Query) -> None:
    marked = over_time(prometheus, query.expanded(), END - 3 * 3600, END, 60)
    moments = {when for row in marked for when, _ in row["values"]}
    assert 1 <= len(moments) <= 10


@pytest.mark.parametrize("query", [query for query in PANEL_QUERIES if query.legend], ids=str)
def test_series_have_names_of_their_own_without_gaps(prometheus: str, query: Query) -> None:
    metrics = series(prometheus, query)
    for metric in metrics:
        assert all(metric.get(label) for label in LABEL.findall(query.legend)), metric
    names = [called(query, metric) for metric in metrics]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(("uid", "panel"), TABLES, ids=lambda each: each["title"] if isinstance(each, dict) else each)
def test_a_table_has_a_column_for_each_label_and_a_value_in_each_column(
    prometheus: str, uid: str, panel: dict[str, Any]
) -> None:
    queries = [
        query for query in PANEL_QUERIES if (query.dashboard, query.owner, query.kind) == (uid, panel["title"], "table")
    ]
    labels = {
        label for query in queries for metric in series(prometheus, query) for label, value in metric.items() if value
    }
    values = {f"Value #{query.ref}" for query in queries} if len(queries) > 1 else {"Value"}
    organize = panel["transformations"][-1]["options"]
    shown, hidden = set(organize["indexByName"]), set(organize["excludeByName"])
    assert shown <= labels | values
    assert labels | values <= shown | hidden
    assert set(organize["renameByName"]) == shown


def graph(prometheus: str, uid: str) -> list[list[dict[str, str]]]:
    """The nodes and the edges of a dashboard's graph."""
    queries = [query for query in PANEL_QUERIES if (query.dashboard, query.kind) == (uid, "nodeGraph")]
    return [series(prometheus, query) for query in queries]


def test_an_arrow_of_connections_leads_from_the_client_to_the_server(prometheus: str) -> None:
    nodes, edges = graph(prometheus, "dockernet-connections")
    assert {edge[end] for edge in edges for end in ("source", "target")} == {node["id"] for node in nodes}
    pairs = {(edge["source"], edge["target"]) for edge in edges}
    assert ("shop-1:9714/shop-web-1", "shop-1:9714/shop-api-1") in pairs
    assert ("shop-1:9714/(outside)", "shop-1:9714/shop-web-1") in pairs
    assert ("edge-1:9714/(host)", "edge-1:9714/edge-app-1") in pairs


def test_every_edge_of_the_topology_joins_two_nodes(prometheus: str) -> None:
    nodes, edges = graph(prometheus, "dockernet-topology")
    ids = [node["id"] for node in nodes]
    assert len(set(ids)) == len(ids)
    assert {edge[end] for edge in edges for end in ("source", "target")} == set(ids)
    assert {(node["id"].partition(":")[0], node["color"]) for node in nodes} == {
        ("container", "blue"),
        ("network", "purple"),
        ("host", "orange"),
    }
    assert ("network:edge-1:9714/edge_default", "host:edge-1:9714/edge-1:9714") in {
        (edge["source"], edge["target"]) for edge in edges
    }
