"""The query of /api/v1/history."""

from collections.abc import Mapping
from math import isfinite

from msgspec import Struct

from exporter.core.history.change_log import MAX_SELECTED, Selection
from exporter.core.history.kinds import kind_error

DEFAULT_LIMIT = 1000


class InvalidQueryError(ValueError):
    """A parameter has no such value; the text is for the client."""


class HistoryQuery(Struct, frozen=True):
    """What a client selects: since a Unix time, of the last so many seconds, or both."""

    since: float = 0.0
    last: float | None = None
    container: str = ""
    network: str = ""
    kind: str = ""
    limit: int = DEFAULT_LIMIT

    def selection(self, now: float) -> Selection:
        """Return the selection at a moment (Unix time)."""
        since = self.since if self.last is None else max(self.since, now - self.last)
        return Selection(since, self.container, self.network, self.kind, self.limit)


def parse_history_query(query: Mapping[str, str]) -> HistoryQuery:
    """Parse the parameters of a URL. Raises InvalidQueryError."""
    last = _number(query, "last", "") if query.get("last") else None
    if error := kind_error(query.get("kind", "")):
        raise InvalidQueryError(error)
    return HistoryQuery(
        since=_number(query, "since", "0"),
        last=last,
        container=query.get("container", ""),
        network=query.get("network", ""),
        kind=query.get("kind", ""),
        limit=min(int(_number(query, "limit", str(DEFAULT_LIMIT))), MAX_SELECTED),
    )


def _number(query: Mapping[str, str], name: str, default: str) -> float:
    text = query.get(name) or default
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not isfinite(value) or value < 0:
        raise InvalidQueryError(f"invalid query parameter {name}: expected a number of at least 0")
    return value
