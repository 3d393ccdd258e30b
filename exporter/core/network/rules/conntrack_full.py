"""The connection table is over nine tenths full, or connections were lost for lack of room since the last reading.

Guard: `drop` also counts packets that a protocol's tracker refuses and lost races for one entry, which a nearly empty
table has too: alone it counts only above half of the limit. `early_drop` is an entry evicted to make room.
"""

from collections.abc import Iterator

from exporter.core.findings.finding import CRITICAL, Finding
from exporter.core.model.conntrack import ConntrackStats
from exporter.core.network.context import ConntrackContext, finding

KIND = "conntrack_full"
SUBJECT = "conntrack"
SHARE, HALF = 0.9, 0.5


def check(context: ConntrackContext) -> Iterator[Finding]:
    """Compare the table with its limit and with the reading before."""
    now = context.current
    if now is None or now.limit <= 0:
        return
    lost = _lost(context.previous, now)
    if now.entries > SHARE * now.limit or lost:
        dropped = f", {lost} connections were dropped just now" if lost else ""
        yield finding(KIND, CRITICAL, "", SUBJECT, f"{now.entries} of {now.limit} entries are in use{dropped}")


def _lost(before: ConntrackStats | None, now: ConntrackStats) -> int:
    if before is None:
        return 0
    thrown_out = max(0, (now.early_drop or 0) - (before.early_drop or 0))
    dropped = max(0, (now.drop or 0) - (before.drop or 0))
    return thrown_out + dropped if thrown_out or now.entries > HALF * now.limit else 0
