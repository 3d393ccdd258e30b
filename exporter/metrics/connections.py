"""TCP connections by container, peer and port."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import repeat
from operator import attrgetter

from exporter.core.connections.pair import CLIENT, TCP, ConnectionReport, Pair, PairSums
from exporter.core.connections.reading import BROKEN, FAILED, Counts
from exporter.core.observation import Observation
from exporter.metrics.build import Metric, counter
from exporter.metrics.templated import TemplatedGroup
from exporter.metrics.templates.series import Series, TemplatedCounter, Value

SUMS = attrgetter("established", "received", "sent", "retransmitted")
NANOSECONDS, MICROSECONDS = 1e9, 1e6


@dataclass(frozen=True, slots=True)
class Columns:
    """One entry for each series of a group, in three columns; `reasons` is empty where the families have none."""

    pairs: Sequence[tuple[Pair, PairSums]] = ()
    values: Sequence[tuple[Value, ...]] = ()
    reasons: Sequence[str] = ()


def families(observation: Observation) -> Iterator[Metric]:
    """The upper bound of what was not counted; nothing where connections are not counted."""
    if observation.connections is not None:
        lost = counter(
            "dockernet_connections_lost_total",
            "Upper bound on TCP state changes missed (maps full or BPF program not run).",
        )
        lost.add_metric((), observation.connections.lost, created=observation.connections.started)
        yield lost


def _sums(report: ConnectionReport) -> Columns:
    values = [(*SUMS(sums.counts), sums.living.established) for sums in report.pairs.values()]
    return Columns(list(report.pairs.items()), values)


def _by_reason(report: ConnectionReport, of: Callable[[Counts], tuple[int, ...]], reasons: tuple[str, ...]) -> Columns:
    chosen: list[tuple[tuple[Pair, PairSums], str, int]] = []
    for row in report.pairs.items():
        counts = of(row[1].counts)
        if any(counts):
            chosen += [(row, reason, count) for reason, count in zip(reasons, counts, strict=True) if count]
    return Columns([row for row, _, _ in chosen], [(count,) for _, _, count in chosen], [name for _, name, _ in chosen])


def _failed(report: ConnectionReport) -> Columns:
    return _by_reason(report, attrgetter("failures"), FAILED)


def _broken(report: ConnectionReport) -> Columns:
    return _by_reason(report, attrgetter("breaks"), BROKEN)


def _setup(report: ConnectionReport) -> Columns:
    chosen = [row for row in report.pairs.items() if row[1].counts.setup_ns and row[0].side == CLIENT]
    values = [(sums.counts.setup_ns / NANOSECONDS, sums.counts.established) for _, sums in chosen]
    return Columns(chosen, values)


def _round_trip(report: ConnectionReport) -> Columns:
    chosen = [row for row in report.pairs.items() if row[1].living.round_trips]
    values = [(sums.living.round_trip_us / sums.living.round_trips / MICROSECONDS,) for _, sums in chosen]
    return Columns(chosen, values)


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


def _group(
    columns: Callable[[ConnectionReport], Columns], *counters: TemplatedCounter, with_side: bool
) -> TemplatedGroup:
    cached = lru_cache(maxsize=1)(columns)  # by the identity of the report

    def found(observation: Observation) -> Columns:
        return cached(observation.connections) if observation.connections is not None else Columns()

    def series(observation: Observation) -> list[Series]:
        shown = found(observation)
        return [
            Series(_labels(pair, reason, with_side=with_side), sums.created)
            for (pair, sums), reason in zip(shown.pairs, shown.reasons or repeat(""), strict=False)
        ]

    def depends(observation: Observation) -> object:
        shown = found(observation)
        return [pair for pair, _ in shown.pairs], [sums.created for _, sums in shown.pairs], shown.reasons

    return TemplatedGroup("connections", counters, series, lambda observation: found(observation).values, depends)


GROUPS = (
    _group(
        _sums,
        TemplatedCounter("dockernet_connections_established_total", 0, "TCP connections that were established."),
        TemplatedCounter("dockernet_connections_active", 4, "Established TCP connections that have not ended."),
        TemplatedCounter(
            "dockernet_connection_receive_bytes_total",
            1,
            "Payload that the container received (tcp_sock.bytes_received).",
        ),
        TemplatedCounter(
            "dockernet_connection_transmit_bytes_total",
            2,
            "Payload that the container sent, without retransmissions (tcp_sock.bytes_sent).",
        ),
        TemplatedCounter(
            "dockernet_connection_retransmitted_segments_total",
            3,
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
)
