"""The connections that were counted between the ends of a question."""

import json

import pytest

from exporter.cli.output.reach import document, parse_answer
from exporter.core.connections.pair import ConnectionReport, Pair, PairSums
from exporter.core.connections.reading import Counts
from tests.support.reach_hosts import ReachHost

COUNTED = {
    Pair("client", "web", "container", "80", "client"): PairSums(Counts(established=3), last_established=70.0),
    Pair("client", "web", "container", "81", "client"): PairSums(Counts(refused=2), last_failed=80.0),
    Pair("client", "db", "container", "80", "client"): PairSums(Counts(established=1)),
    Pair("client", "", "outside", "443", "client"): PairSums(Counts(established=1)),
    Pair("client", "", "host", "22", "client"): PairSums(Counts(established=1)),
    Pair("web", "client", "container", "80", "client"): PairSums(Counts(established=1)),
    Pair("client", "", "outside", "80", "server"): PairSums(Counts(established=1)),
}


def host() -> ReachHost:
    found = ReachHost()
    found.more["connections"] = ConnectionReport(COUNTED)
    return found


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("web:80", [("web", "80")]),
        ("web", [("web", "80"), ("web", "81")]),
        ("172.18.0.2:81", [("web", "81")]),
        ("web:5432", []),
        ("internet", [("", "443")]),
        ("host:22", [("", "22")]),
        ("192.0.2.7:443", []),
    ],
)
def test_an_answer_has_the_pairs_of_its_question(target: str, expected: list[tuple[str, str]]) -> None:
    rows = host().answer(target).connections
    assert rows is not None
    assert [(row.peer, row.port) for row in rows] == expected


def test_the_document_has_when_they_were_and_how_they_went() -> None:
    text = document(host().answer("web"))
    first, second = json.loads(text)["connections"]
    assert (first["established"], first["last_established"], first["last_failed"]) == (3, 70.0, 0.0)
    assert (second["failed"], second["last_failed"]) == ({"refused": 2}, 80.0)
    assert document(parse_answer(json.loads(text))) == text


def test_where_connections_are_not_counted_they_are_unknown_and_not_none() -> None:
    assert json.loads(document(ReachHost().answer("web")))["connections"] is None
