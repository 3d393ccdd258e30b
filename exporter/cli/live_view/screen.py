"""What `top` prints: a header, one of four tables, and the keys."""

from collections.abc import Mapping, Sequence

from msgspec import Struct, field
from rich.console import Group
from rich.table import Table
from rich.text import Text

from exporter.cli.live_view.rates import Key, Rate, key_of
from exporter.cli.live_view.state import CONFLICTS, ENDPOINTS, PEERS, VIEWS, State
from exporter.cli.output.table import cell
from exporter.cli.output.text import printable
from exporter.core.connections.pair import CLIENT
from exporter.core.findings.finding import CRITICAL, WARNING
from exporter.core.observation import PORT
from exporter.core.views.connection_rows import ConnectionRow
from exporter.core.views.finding_rows import FindingRow
from exporter.core.views.host_view import EndpointView, HostView

WIDE = 120  # columns from which endpoints have their devices
AROUND = 4  # lines that are not rows: header, views, titles, keys
KEYS = "1-4/Tab view  n/r/s/t sort  / filter  Esc clear  j/k scroll  q quit"
Row = Sequence[str]


class Data(Struct, frozen=True):
    """One answer of the exporter; `peers` are None where not counted, `error` is why there is no newer answer."""

    host: HostView = field(default_factory=HostView)
    findings: Sequence[FindingRow] = ()
    peers: Sequence[ConnectionRow] | None = None
    rates: Mapping[Key, Rate] = field(default_factory=dict)
    error: str = ""


def screen(state: State, data: Data, width: int, height: int) -> Group:
    """Draw it on so many columns and lines."""
    columns, rows = _table(state, data, width)
    words = state.words.lower().split()
    rows = [row for row in rows if all(word in " ".join(row).lower() for word in words)]
    room = max(1, height - AROUND)
    first = max(0, min(state.offset, len(rows) - room))
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", expand=True)
    for column in columns:
        numeric = column.endswith("/s") or column in ("open", "established", "bytes")
        made.add_column(column, justify="right" if numeric else "left", no_wrap=True, overflow="ellipsis")
    for row in rows[first : first + room]:
        made.add_row(*map(cell, row))
    blank = [Text("")] * (room - len(rows[first : first + room]))
    return Group(_header(data, width), _views(state, len(rows), width), made, *blank, _footer(state, width))


def _header(data: Data, width: int) -> Text:
    counts = [
        f"{sum(one.severity == severity for one in data.findings)} {severity}" for severity in (CRITICAL, WARNING)
    ]
    engine = f"{data.host.product} {data.host.engine}" if data.host.connected else "the Docker Engine does not answer"
    line = data.error or f"{data.host.host or 'this host'}  {engine}  {', '.join(counts)}"
    return _line(line, width, "bold red" if data.error or not data.host.connected else "bold")


def _views(state: State, rows: int, width: int) -> Text:
    views = "  ".join(f"[{view}]" if view == state.view else f" {view} " for view in VIEWS)
    order = f"  by {state.sort}" if state.view == ENDPOINTS else ""
    return _line(f"{views}  {rows} rows{order}", width, "cyan")


def _footer(state: State, width: int) -> Text:
    words = f"filter: {state.words}" + ("_" if state.editing else "") if state.words or state.editing else KEYS
    return _line(words, width, "reverse")


def _line(words: str, width: int, style: str) -> Text:
    """Make one line; the last column stays free, since a terminal may wrap behind it."""
    line = Text(printable(words), style=style, no_wrap=True, overflow="ellipsis")
    line.truncate(width - 1, overflow="ellipsis", pad=True)
    return line


def _table(state: State, data: Data, width: int) -> tuple[Row, list[Row]]:
    if state.view == ENDPOINTS:
        return _endpoints(state, data, wide=width >= WIDE)
    if state.view == PEERS:
        return ("from", "to", "port", "open", "established", "failed", "bytes"), [_peer(r) for r in data.peers or ()]
    found = [row for row in data.findings if state.view != CONFLICTS or row.area == PORT]
    return ("severity", "kind", "what"), [(row.severity, row.kind, row.detail) for row in found]


def _endpoints(state: State, data: Data, *, wide: bool) -> tuple[Row, list[Row]]:
    devices = ("interface", "veth") if wide else ()
    found = sorted(data.host.endpoints, key=lambda one: _order(state.sort, one, data.rates.get(key_of(one), (-1, -1))))
    rows: list[Row] = [
        (
            *(one.container, one.network, one.ip_address or one.ip6_address),
            *((one.interface, one.veth) if wide else ()),
            *(_rate(data.rates.get(key_of(one)), place) for place in (0, 1)),
        )
        for one in found
    ]
    return ("container", "network", "address", *devices, "received/s", "sent/s"), rows


def _order(sort: str, endpoint: EndpointView, rate: Rate) -> tuple[float, Key]:
    amounts = {"name": 0.0, "received": -rate[0], "sent": -rate[1], "total": -sum(rate)}
    return amounts[sort], key_of(endpoint)


def _rate(rate: Rate | None, place: int) -> str:
    return "-" if rate is None else amount(rate[place])


def amount(count: float) -> str:
    """Write a number of bytes with a unit of powers of 1000."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:  # noqa: PLR2004  SI
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def _peer(row: ConnectionRow) -> Row:
    own, peer = row.container or "(host)", row.peer or f"({row.peer_kind})"
    ends = (own, peer) if row.side == CLIENT else (peer, own)
    failed = ", ".join(f"{count} {reason}" for reason, count in row.failed.items())
    moved = amount(row.received_bytes + row.sent_bytes)
    return (*ends, row.port, str(row.active), str(row.established), failed, moved)
