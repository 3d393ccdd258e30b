"""Connections on a terminal and as JSON: failing pairs first, from the client to the server."""

import io
import json

from rich.console import Console

from exporter.cli.output.connections import document, print_connections
from exporter.cli.output.table import local_time
from exporter.core.connections.pair import ConnectionReport, Pair, PairSums
from exporter.core.connections.reading import Counts, Living
from exporter.core.views import connection_rows
from exporter.core.views.connection_rows import parse_rows

REPORT = ConnectionReport(
    {
        Pair("api", "", "outside", "80", "server"): PairSums(
            Counts(established=9, sent=70, received=8), last_established=86_400.0
        ),
        Pair("web", "db", "container", "5432", "client"): PairSums(
            Counts(established=2, refused=3, reset=1, sent=5, received=6, setup_ns=3_000_000),
            Living(1),
            last_established=60.0,
            last_failed=60.0,
        ),
    },
    forgotten={"web": Counts(established=10)},
)


def shown() -> list[list[str]]:
    rows = parse_rows(connection_rows.document(REPORT))
    assert rows is not None
    out = io.StringIO()
    print_connections(rows, Console(file=out, width=300))
    return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in out.getvalue().splitlines()]


def test_pairs_that_fail_are_first_and_a_server_is_on_the_right() -> None:
    assert shown()[1:] == [
        ["web", "db", "5432", "2", "1", "refused 3", "reset 1", "5", "6", "1.5", f"{local_time(60)} failed"],
        ["(outside)", "api", "80", "9", "0", "8", "70", f"{local_time(86_400)} established"],
    ]


def test_the_document_is_read_as_it_was_written() -> None:
    found = json.loads(json.dumps(connection_rows.document(REPORT)))
    assert parse_rows(found) == connection_rows.connection_rows(REPORT)
    assert found["totals"]["web"]["established"] == 12


def test_the_json_of_the_command_has_the_same_rows() -> None:
    rows = connection_rows.connection_rows(REPORT)
    assert json.loads(document(rows))[0]["failed"] == {"refused": 3}


def test_what_is_not_counted_is_null_and_not_empty() -> None:
    assert parse_rows(connection_rows.document(None)) is None
