"""The output of `connections`: who connects to whom, failing pairs first."""

import json
from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import asdict
from rich.console import Console

from exporter.cli.output.table import local_time, print_table
from exporter.core.connections.pair import CLIENT
from exporter.core.views.connection_rows import ConnectionRow

COUNTED = ("established", "active", "failed", "broken", "to server", "to client", "setup ms")
COLUMNS = ("from", "to", "port", *COUNTED, "last")
NUMBERS = ("established", "active", "to server", "to client", "setup ms")
HOST = "(host)"


def document(rows: Iterable[ConnectionRow]) -> str:
    """Return the rows as JSON."""
    return json.dumps([asdict(row) for row in rows], indent=1)


def print_connections(rows: Sequence[ConnectionRow], console: Console, container: str = "") -> None:
    """Print a table; bytes are payload. `container` is the one that the rows were selected by."""
    found = [_row(row) for row in rows]
    if found:
        print_table(console, COLUMNS, found, numbers=NUMBERS)
    else:
        console.print(f"No connections from or to {container}." if container else "No connections.")


def _row(row: ConnectionRow) -> tuple[str, ...]:
    """From the client to the server, whichever of both the container is."""
    container, peer = row.container or HOST, row.peer or f"({row.peer_kind})"
    ends = (container, peer) if row.side == CLIENT else (peer, container)
    sent = (row.sent_bytes, row.received_bytes) if row.side == CLIENT else (row.received_bytes, row.sent_bytes)
    setup = "" if row.setup_seconds is None else f"{row.setup_seconds * 1000:.1f}"
    failures = _reasons(row.failed), _reasons(row.broken)
    return (*ends, row.port, str(row.established), str(row.active), *failures, *map(str, sent), setup, _last(row))


def _last(row: ConnectionRow) -> str:
    """When the last connects were, and how they went; of both in one reading the failed ones."""
    at, result = max((row.last_established, "established"), (row.last_failed, "failed"))
    return f"{local_time(at)} {result}" if at else ""


def _reasons(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{reason} {count}" for reason, count in counts.items())
