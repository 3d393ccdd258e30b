"""The parameters of /api/v1/history."""

import pytest

from exporter.core.history.change_log import MAX_SELECTED, Selection
from exporter.web.history_query import DEFAULT_LIMIT, InvalidQueryError, parse_history_query


@pytest.mark.parametrize(
    ("query", "selection"),
    [
        ({}, Selection(limit=DEFAULT_LIMIT)),
        ({"since": "5"}, Selection(since=5.0, limit=DEFAULT_LIMIT)),
        ({"last": "60"}, Selection(since=940.0, limit=DEFAULT_LIMIT)),
        ({"last": "60", "since": "970"}, Selection(since=970.0, limit=DEFAULT_LIMIT)),
        ({"limit": "10"}, Selection(limit=10)),
        ({"limit": "99999999"}, Selection(limit=MAX_SELECTED)),
        ({"container": "web", "network": "n"}, Selection(0.0, "web", "n", limit=DEFAULT_LIMIT)),
        ({"kind": "container_died"}, Selection(kind="container_died", limit=DEFAULT_LIMIT)),
        ({"kind": "missing_dnat"}, Selection(kind="missing_dnat", limit=DEFAULT_LIMIT)),
    ],
)
def test_parameters_select(query: dict[str, str], selection: Selection) -> None:
    assert parse_history_query(query).selection(1000.0) == selection


@pytest.mark.parametrize("name", ["since", "last", "limit"])
@pytest.mark.parametrize("text", ["x", "-1", "nan", "inf"])
def test_what_is_no_number_is_an_error_that_names_the_parameter(name: str, text: str) -> None:
    with pytest.raises(InvalidQueryError, match=name):
        parse_history_query({name: text})


def test_an_unknown_kind_is_one_line_with_the_kinds_that_exist() -> None:
    with pytest.raises(
        InvalidQueryError, match=r"unknown kind 'container_dead': .*container_died, .*missing_dnat"
    ) as error:
        parse_history_query({"kind": "container_dead"})
    assert "\n" not in str(error.value)
