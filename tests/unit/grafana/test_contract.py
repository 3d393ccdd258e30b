"""Dashboards ask for what the exporter exposes, under the labels that it gives."""

import pytest

from tests.support.grafana.contract import FOREIGN, labels_by_family
from tests.support.grafana.dashboards import Query, annotation_queries, dashboards, panel_queries, variables
from tests.support.grafana.expressions import selectors


def queries() -> list[Query]:
    """Everything that is asked: by panels, annotations and variables."""
    found: list[Query] = []
    for dashboard in dashboards():
        found += [*panel_queries(dashboard), *annotation_queries(dashboard)]
        for name, variable in variables(dashboard).items():
            if variable["type"] == "query":
                selector = variable["query"].removeprefix("label_values(").rpartition(",")[0]
                found.append(Query(dashboard["uid"], name, "A", selector, "variable"))
    return found


@pytest.mark.parametrize("query", queries(), ids=str)
def test_a_query_names_families_and_labels_that_exist(query: Query) -> None:
    known = labels_by_family()
    for selector in selectors(query.expanded()):
        assert selector.family in known
        assert selector.labels <= known[selector.family] | {"__name__"}


def test_an_unknown_family_or_label_is_not_in_the_contract() -> None:
    known = labels_by_family()
    assert "dockernet_container_receive_bytes_total" not in known
    assert not {"veth"} <= known["dockernet_endpoint_receive_bytes_total"]


def test_what_is_listed_as_foreign_is_asked_for() -> None:
    asked = {selector.family for query in queries() for selector in selectors(query.expanded())}
    assert asked >= FOREIGN
