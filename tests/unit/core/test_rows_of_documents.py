"""Rows of another exporter's documents: a value that has not the declared type is refused."""

from collections.abc import Callable
from typing import Any

import pytest

from exporter.cli.output.check_result import parse_result
from exporter.cli.output.topology import parse_view
from exporter.core.connections.pair import ConnectionReport, Pair, PairSums
from exporter.core.connections.reading import Counts
from exporter.core.views import connection_rows
from exporter.core.views.connection_rows import parse_rows

REPORT = ConnectionReport(
    {Pair("web", "db", "container", "5432", "client"): PairSums(Counts(established=2, refused=3))}
)
ENDPOINT = {"container": "web", "network": "front"}
CONTAINER = {"name": "web", "id": "c1", "image": "i", "state": "running", "mode": "front"}
NETWORK = {"name": "front", "id": "n1", "driver": "bridge"}
FINDING = {"area": "ports", "kind": "unserved", "severity": "info", "detail": "", "confidence": ""}
HOST: dict[str, Any] = {"host": "h", "engine": "28", "product": "Docker", "connected": True}
PARTS: dict[str, Any] = {"containers": [], "networks": [], "endpoints": [], "uplinks": []}


def pair(**changed: Any) -> dict[str, Any]:
    return {"pairs": [{**connection_rows.document(REPORT)["pairs"][0], **changed}]}


def view(**parts: Any) -> dict[str, Any]:
    return {**HOST, **PARTS, **parts}


def parse_findings(found: Any) -> object:
    return parse_result({"findings": [found], "unseen": {}}, HOST)


def test_a_field_that_only_a_newer_exporter_has_is_ignored() -> None:
    assert parse_rows(pair(newer=[])) == connection_rows.connection_rows(REPORT)


@pytest.mark.parametrize(
    ("parse", "found"),
    [
        (parse_rows, pair(container=None)),
        (parse_rows, pair(port=80)),
        (parse_rows, pair(established="9")),
        (parse_rows, pair(established=True)),
        (parse_rows, pair(failed=["refused"])),
        (parse_rows, pair(broken={"reset": "1"})),
        (parse_rows, pair(setup_seconds="1")),
        (parse_rows, pair(last_failed=1e300)),
        (parse_rows, pair(changed=-1.0)),
        (parse_rows, {"pairs": [1]}),
        (parse_view, view(endpoints=[{"container": "web"}])),
        (parse_view, view(endpoints=[{**ENDPOINT, "receive_bytes": "many"}])),
        (parse_view, view(containers=[{**CONTAINER, "ports": "80"}])),
        (parse_view, view(containers=[{**CONTAINER, "ports": [80]}])),
        (parse_view, view(networks=[{**NETWORK, "external": "no"}])),
        (parse_view, view(networks=[{**NETWORK, "mtu": True}])),
        (parse_view, view(uplinks=[None])),
        (parse_findings, {**FINDING, "labels": {"port": None}}),
        (parse_findings, {**FINDING, "detail": 1, "labels": {}}),
    ],
)
def test_a_row_with_another_value_is_refused(parse: Callable[[Any], object], found: Any) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        parse(found)


def test_rows_with_the_declared_types_are_taken() -> None:
    found = parse_view(view(endpoints=[ENDPOINT], containers=[{**CONTAINER, "ports": ["80"]}], networks=[NETWORK]))
    assert (found.endpoints[0].network, found.containers[0].ports, found.networks[0].mtu) == ("front", ("80",), 0)
    assert parse_findings({**FINDING, "labels": {"port": 80, "network": "front"}})
