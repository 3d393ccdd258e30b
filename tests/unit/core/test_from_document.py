"""Rows of another exporter's documents: what has not the declared type is refused."""

from typing import Any

import pytest

from exporter.core.views.connection_rows import ConnectionRow, connection_row, parse_rows
from exporter.core.views.finding_rows import FindingRow
from exporter.core.views.from_document import row_from
from exporter.core.views.host_view import ContainerView, EndpointView, NetworkView
from tests.unit.cli.output.test_connections import REPORT

ROW = connection_row(*next(iter(REPORT.pairs.items())))
DOCUMENT: dict[str, Any] = {name: getattr(ROW, name) for name in ConnectionRow.__slots__}
FINDING = {"area": "ports", "kind": "unserved", "severity": "info", "detail": "", "confidence": ""}


def test_a_field_that_only_a_newer_exporter_has_is_ignored() -> None:
    assert parse_rows({"pairs": [{**DOCUMENT, "newer": []}]}) == [ROW]


@pytest.mark.parametrize(
    "changed",
    [
        {"container": None},
        {"port": 80},
        {"established": "9"},
        {"established": True},
        {"failed": ["refused"]},
        {"broken": {"reset": "1"}},
        {"setup_seconds": "1"},
        {"round_trip_seconds": float("nan")},
        {"last_failed": 1e300},
        {"changed": -1.0},
    ],
)
def test_a_connection_with_another_value_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        parse_rows({"pairs": [{**DOCUMENT, **changed}]})


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        (EndpointView, {"container": "web"}),
        (EndpointView, {"container": "web", "network": "front", "receive_bytes": "many"}),
        (ContainerView, {"name": "web", "id": "c1", "image": "i", "state": "running", "mode": "front", "ports": "80"}),
        (ContainerView, {"name": "web", "id": "c1", "image": "i", "state": "running", "mode": "front", "ports": [80]}),
        (NetworkView, {"name": "front", "id": "n1", "driver": "bridge", "external": "no"}),
        (NetworkView, {"name": "front", "id": "n1", "driver": "bridge", "mtu": True}),
        (FindingRow, {**FINDING, "labels": {"port": None}}),
    ],
)
def test_another_row_with_another_value_is_refused(kind: type, found: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        row_from(kind, found)


def test_lists_and_numbers_of_labels_are_taken() -> None:
    found = row_from(FindingRow, {**FINDING, "labels": {"port": 80, "network": "front"}})
    assert found.labels == {"port": 80, "network": "front"}
    assert row_from(NetworkView, {"name": "", "id": "", "driver": "", "subnets": ["10.0.0.0/8"]}).subnets == (
        "10.0.0.0/8",
    )
