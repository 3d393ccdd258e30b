"""TCP connections by container, peer and port."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import compress
from typing import Any

from msgspec import Struct, field

from exporter.core.connections.lookups import PROTOCOLS
from exporter.core.connections.pair import CLIENT, TCP, ConnectionReport, Pair
from exporter.core.connections.reading import BROKEN, FAILED, Counts, Living
from exporter.core.observation import Observation
from exporter.metrics.build import Metric, counter
from exporter.metrics.templated import Columns, TemplatedGroup
from exporter.metrics.templates.series import Series, TemplatedCounter, Value

# Places of the values of a pair.
ESTABLISHED_AT, REFUSED_AT, RESET_AT, SENT_AT, RECEIVED_AT, RETRANSMITTED_AT, SETUP_AT = map(
    Counts._fields.index, ("established", FAILED[0], BROKEN[0], "sent", "received", "retransmitted", "setup_ns")
)
ACTIVE_AT, _, ROUND_TRIP_AT, ROUND_TRIPS_AT = range(len(Counts._fields), len(Counts._fields) + len(Living._fields))
NANOSECONDS, MICROSECONDS = 1e9, 1e6


class Shown(Struct, frozen=True):
    """The series of a group, each with its reason ('' for none) and when its sums began; their values by place."""

    pairs: Sequence[Pair] = ()
    created: Sequence[float] = ()
    reasons: Sequence[str] = ()
    values: Columns = field(default_factory=lambda: Columns(()))


def families(observation: Observation) -> Iterator[Metric]:
    """The upper bound of what was not counted; nothing where connections are not counted."""
    if observation.connections is not None:
        lost = counter(
            "dockernet_connections_lost_total",
            "Upper bound on TCP state changes missed (maps full or BPF program not run).",
        )
        lost.add_metric((), observation.connections.lost, created=observation.connections.started)
        yield lost


@lru_cache(maxsize=1)  # by the identity of the report
def _sums(report: ConnectionReport) -> Shown:
    """Places: those of Counts, then those of Living."""
    sums = report.pairs.values()
    if not sums:
        return Shown()
    counts, living = (
        zip(*[found.counts for found in sums], strict=True),
        zip(*[found.living for found in sums], strict=True),
    )
    columns = Columns((*counts, *living))
    return Shown(tuple(report.pairs), tuple([found.created for found in sums]), ("",) * len(sums), columns)


def _by_reason(report: ConnectionReport, reasons: Sequence[str], first: int) -> Shown:
    """The counts of reasons, which begin at the place `first`, where they are not 0."""
    shown = _sums(report)
    columns = [
        (number, column) for number, column in enumerate(shown.values.values[first:][: len(reasons)]) if any(column)
    ]
    found = sorted((at, number, count) for number, column in columns for at, count in enumerate(column) if count)
    return _shown([(shown.pairs[at], shown.created[at], reasons[number], count) for at, number, count in found])


def _failed(report: ConnectionReport) -> Shown:
    return _by_reason(report, FAILED, REFUSED_AT)


def _broken(report: ConnectionReport) -> Shown:
    return _by_reason(report, BROKEN, RESET_AT)


def _setup(report: ConnectionReport) -> Shown:
    shown = _sums(report)
    if not shown.pairs:
        return Shown()
    setup = shown.values.values[SETUP_AT]
    connected = [nanoseconds and pair.side == CLIENT for pair, nanoseconds in zip(shown.pairs, setup, strict=True)]
    seconds = tuple([nanoseconds / NANOSECONDS for nanoseconds in compress(setup, connected)])
    return _selected(shown, connected, seconds, tuple(compress(shown.values.values[ESTABLISHED_AT], connected)))


def _round_trip(report: ConnectionReport) -> Shown:
    shown = _sums(report)
    if not shown.pairs:
        return Shown()
    sums, counts = shown.values.values[ROUND_TRIP_AT], shown.values.values[ROUND_TRIPS_AT]
    measured = zip(compress(sums, counts), filter(None, counts), strict=True)
    return _selected(shown, counts, tuple([total / count / MICROSECONDS for total, count in measured]))


def _selected(shown: Shown, selectors: Iterable[object], *values: tuple[Value, ...]) -> Shown:
    """Of the pairs whose selector is true, with these values. Of a thousand it takes a third of what rows would."""
    selectors = tuple(selectors)
    pairs, created = tuple(compress(shown.pairs, selectors)), tuple(compress(shown.created, selectors))
    return Shown(pairs, created, ("",) * len(pairs), Columns(values)) if pairs else Shown()


def _shown(rows: Sequence[tuple[Any, ...]]) -> Shown:
    """Of rows of a pair, its creation, the reason and values."""
    if not rows:
        return Shown()
    pairs, created, reasons, *values = zip(*rows, strict=True)
    return Shown(pairs, created, reasons, Columns(tuple(values)))


def _labels(pair: Pair, reason: str, *, with_side: bool) -> tuple[tuple[str, str], ...]:
    """In alphabetical order."""
    return (
        ("container", pair.container),
        ("peer", pair.peer),
        ("peer_kind", pair.peer_kind),
        ("port", pair.port),
        ("protocol", TCP),
        *((("reason", reason),) if reason else ()),
        *((("side", pair.side),) if with_side else ()),
    )


def _lookups(observation: Observation) -> list[Series]:
    return [
        Series((("container", name), ("protocol", protocol)), created)
        for name, created in observation.lookups.containers
        for protocol in PROTOCOLS
    ]


def _group(
    shown_of: Callable[[ConnectionReport], Shown], *counters: TemplatedCounter, with_side: bool
) -> TemplatedGroup:
    cached = lru_cache(maxsize=1)(shown_of)  # by the identity of the report

    def found(observation: Observation) -> Shown:
        return cached(observation.connections) if observation.connections is not None else Shown()

    def series(observation: Observation) -> list[Series]:
        shown = found(observation)
        rows = zip(shown.pairs, shown.created, shown.reasons, strict=True)
        return [Series(_labels(pair, reason, with_side=with_side), created) for pair, created, reason in rows]

    def depends(observation: Observation) -> object:
        shown = found(observation)
        return shown.pairs, shown.created, shown.reasons

    return TemplatedGroup("connections", counters, series, lambda observation: found(observation).values, depends)


GROUPS = (
    _group(
        _sums,
        TemplatedCounter(
            "dockernet_connections_established_total", ESTABLISHED_AT, "TCP connections that were established."
        ),
        TemplatedCounter("dockernet_connections_active", ACTIVE_AT, "Established TCP connections that have not ended."),
        TemplatedCounter(
            "dockernet_connection_receive_bytes_total",
            RECEIVED_AT,
            "Payload that the container received (tcp_sock.bytes_received).",
        ),
        TemplatedCounter(
            "dockernet_connection_transmit_bytes_total",
            SENT_AT,
            "Payload that the container sent, without retransmissions (tcp_sock.bytes_sent).",
        ),
        TemplatedCounter(
            "dockernet_connection_retransmitted_segments_total",
            RETRANSMITTED_AT,
            "TCP segments that the container retransmitted, SYNs included (tcp_sock.total_retrans).",
        ),
        with_side=True,
    ),
    _group(
        _failed,
        TemplatedCounter(
            "dockernet_connections_failed_total",
            0,
            "Connects that failed: refused, timed_out, unreachable (ICMP or ARP), abandoned (closed before an answer), "
            "no_port (no local port left).",
        ),
        with_side=False,
    ),
    _group(
        _broken,
        TemplatedCounter(
            "dockernet_connections_broken_total",
            0,
            "Established connections that ended by a received RST (reset), without an answer (timed_out), or by an "
            "administrator (aborted).",
        ),
        with_side=True,
    ),
    _group(
        _setup,
        TemplatedCounter(
            "dockernet_connection_setup_seconds",
            0,
            "Time from the first SYN to established, of connects that succeeded.",
            form="%.9f",
            count_place=1,
        ),
        with_side=False,
    ),
    _group(
        _round_trip,
        TemplatedCounter(
            "dockernet_connection_round_trip_seconds",
            0,
            "Mean smoothed round trip of active connections (tcp_sock.srtt_us).",
            form="%.6f",
        ),
        with_side=True,
    ),
    TemplatedGroup(
        "connections",
        (
            TemplatedCounter(
                "dockernet_container_dns_lookups_total",
                0,
                "Sockets that queried the embedded DNS: packets of the NAT rules for 127.0.0.11:53. Read by a "
                "background thread.",
            ),
        ),
        _lookups,
        lambda observation: [(count,) for row in observation.lookups.rows for count in row],
        lambda observation: observation.lookups.containers,
    ),
)
