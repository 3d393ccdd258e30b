"""`connections`: what a running exporter counted, of one container or all; without one nothing is claimed."""

import json

import pytest

from exporter.core.connections.pair import ConnectionReport, Pair, PairSums
from exporter.core.connections.reading import Counts
from exporter.core.views import connection_rows
from tests.support.command_line import run_main
from tests.support.http_server import Request, Response, serving

REPORT = ConnectionReport(
    {
        Pair("api", "db", "container", "5432", "client"): PairSums(Counts(established=9)),
        Pair("web", "db", "container", "5432", "client"): PairSums(Counts(established=2, refused=3)),
        Pair("web", "", "outside", "80", "server"): PairSums(Counts(established=4)),
    }
)


def printed(capsys: pytest.CaptureFixture[str], report: ConnectionReport | None, *words: str) -> tuple[int, str, str]:
    """The command against an exporter of an earlier version, which returns all connections."""

    def answer(request: Request) -> Response:
        known = request.path.partition("?")[0] == "/api/v1/connections"
        document = connection_rows.document(report)
        del document["container"]
        return Response(json.dumps(document).encode(), 200 if known else 404)

    with serving(answer) as port:
        return run_main(capsys, "connections", *words, "--url", f"http://127.0.0.1:{port}")


@pytest.mark.parametrize(
    ("words", "ends"),
    [
        ((), [("web", "db"), ("api", "db"), ("web", "")]),
        (("web",), [("web", "db"), ("web", "")]),
        (("db",), [("web", "db"), ("api", "db")]),
        (("other",), []),
    ],
)
def test_connections_from_or_to_a_container_are_printed_those_that_fail_first(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], ends: list[tuple[str, str]]
) -> None:
    status, out, err = printed(capsys, REPORT, *words, "--output", "json")
    assert (status, err) == (0, "")
    assert [(row["container"], row["peer"]) for row in json.loads(out)] == ends


def test_a_container_without_connections_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, REPORT, "other") == (0, "No connections from or to other.\n", "")


def test_where_connections_are_not_counted_that_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = printed(capsys, None)
    assert (status, out) == (3, "")
    assert err == "dockernet-exporter: connections are not counted: see dockernet_collector_degraded\n"


def test_without_a_running_exporter_nothing_is_claimed(capsys: pytest.CaptureFixture[str]) -> None:
    with serving(lambda _: Response(b"", 200)) as port:
        url = f"http://127.0.0.1:{port}"
    status, out, err = run_main(capsys, "connections", "--url", url)
    assert (status, out, err) == (3, "", f"dockernet-exporter: {url}: connection failed: Connection refused\n")


def test_the_exporter_selects_a_container_by_its_id(capsys: pytest.CaptureFixture[str]) -> None:
    asked = []

    def answer(request: Request) -> Response:
        asked.append(request.path)
        return Response(json.dumps(connection_rows.document(REPORT, "api")).encode())

    with serving(answer) as port:
        status, out, err = run_main(
            capsys, "connections", "57ba", "--output", "json", "--url", f"http://127.0.0.1:{port}"
        )
    assert (status, err, asked) == (0, "", ["/api/v1/connections?container=57ba"])
    assert [(row["container"], row["peer"]) for row in json.loads(out)] == [("api", "db")]


def test_an_unknown_container_is_the_line_of_the_exporter(capsys: pytest.CaptureFixture[str]) -> None:
    refused = Response(b"there is no container nosuch\n<b>", 400, "text/plain; charset=utf-8")
    with serving(lambda _: refused) as port:
        url = f"http://127.0.0.1:{port}"
        found = run_main(capsys, "connections", "nosuch", "--url", url)
    assert found == (3, "", f"dockernet-exporter: {url}: there is no container nosuch\n")


@pytest.mark.parametrize("refused", [Response(b"<p>no</p>", 400, "text/html"), Response(b"", 400, "text/plain")])
def test_another_refusal_is_its_status(capsys: pytest.CaptureFixture[str], refused: Response) -> None:
    with serving(lambda _: refused) as port:
        assert run_main(capsys, "connections", "--url", f"http://127.0.0.1:{port}")[2].endswith(
            "unexpected status 400\n"
        )
