"""Connections for display: one row for each pair, failing ones first."""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct, convert

from exporter.core.connections.pair import TCP, ConnectionReport, Pair, PairSums
from exporter.core.connections.reading import BROKEN, FAILED, Counts
from exporter.core.history.change_log import parse_time


class ConnectionRow(Struct, frozen=True):
    """A pair with its sums; the fields are those of /api/v1/connections.

    `failed` and `broken` are counts by reason, only of reasons that occurred. `setup_seconds` is a mean, None without
    a connect that succeeded; `round_trip_seconds` that of active connections. `changed` is Unix time,
    as are those of the last readings with new established and failed connects, 0 without any.
    """

    container: str
    peer: str
    peer_kind: str
    port: str
    protocol: str
    side: str
    established: int
    active: int
    failed: Mapping[str, int]
    broken: Mapping[str, int]
    received_bytes: int
    sent_bytes: int
    retransmitted_segments: int
    setup_seconds: float | None
    round_trip_seconds: float | None
    changed: float
    last_established: float = 0.0
    last_failed: float = 0.0


def connection_rows(report: ConnectionReport) -> list[ConnectionRow]:
    """Return the rows: those with most failed connects first, then by name."""
    rows = [connection_row(pair, sums) for pair, sums in report.pairs.items()]
    return sorted(rows, key=lambda row: -sum(row.failed.values()))


def document(report: ConnectionReport | None, container: str = "") -> dict[str, Any]:
    """Return the document, of a `container` alone where one is given; `pairs` are null where nothing is counted."""
    if report is None:
        nothing: dict[str, Any] = {"pairs": None, "totals": {}, "lost": 0, "since": 0.0, "older_counted": False}
        return {"container": container, **nothing}
    rows, totals = connection_rows(report), sorted(report.totals().items())
    if container:
        rows, totals = rows_of(rows, container), [one for one in totals if one[0] == container]
    return {
        "container": container,
        "pairs": [{name: getattr(row, name) for name in ConnectionRow.__struct_fields__} for row in rows],
        "totals": {name: _total(counts) for name, counts in totals},
        "lost": report.lost,
        "since": report.started,
        "older_counted": report.older_counted,
    }


def rows_of(rows: Iterable[ConnectionRow], container: str) -> list[ConnectionRow]:
    """Return the rows from or to a container."""
    return [row for row in rows if container in (row.container, row.peer)]


def parse_rows(found: Mapping[str, Any]) -> list[ConnectionRow] | None:
    """Parse the document's pairs. Raises KeyError, TypeError or ValueError for anything else."""
    if found["pairs"] is None:
        return None
    return [parse_row(row) for row in found["pairs"]]


def parse_row(found: Mapping[str, Any]) -> ConnectionRow:
    """Parse one of them. Raises ValueError for anything else."""
    row = convert(found, ConnectionRow)
    for at in (row.changed, row.last_established, row.last_failed):
        parse_time(at)
    return row


def connection_row(pair: Pair, sums: PairSums) -> ConnectionRow:
    """Return the row of a pair."""
    counts, living = sums.counts, sums.living
    return ConnectionRow(
        container=pair.container,
        peer=pair.peer,
        peer_kind=pair.peer_kind,
        port=pair.port,
        protocol=TCP,
        side=pair.side,
        established=counts.established,
        active=living.established,
        failed={reason: count for reason, count in zip(FAILED, counts.failures, strict=True) if count},
        broken={reason: count for reason, count in zip(BROKEN, counts.breaks, strict=True) if count},
        received_bytes=counts.received,
        sent_bytes=counts.sent,
        retransmitted_segments=counts.retransmitted,
        setup_seconds=counts.setup_ns / 1e9 / counts.established if counts.setup_ns and counts.established else None,
        round_trip_seconds=living.round_trip_us / 1e6 / living.round_trips if living.round_trips else None,
        changed=sums.changed,
        last_established=sums.last_established,
        last_failed=sums.last_failed,
    )


def _total(counts: Counts) -> dict[str, int]:
    return {
        "established": counts.established,
        "failed": sum(counts.failures),
        "received_bytes": counts.received,
        "sent_bytes": counts.sent,
    }
