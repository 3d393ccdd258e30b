"""TCP connections by container, peer and port."""

from collections.abc import Callable, Iterator, Sequence

from exporter.core.connections.pair import CLIENT, TCP, ConnectionReport, Pair, PairSums
from exporter.core.observation import Observation
from exporter.metrics.build import Metric, counter
from exporter.metrics.templated import Series, TemplatedCounter, TemplatedGroup, Value

# Reasons by the counts that have them. A peer that stopped answering is `timed_out`, whatever ICMP errors came.
FAILED = ("refused", "timed_out", "unreachable", "abandoned", "no_port")
BROKEN = {"reset": "reset", "broken": "timed_out", "aborted": "aborted"}
NANOSECONDS, MICROSECONDS = 1e9, 1e6

Row = tuple[Pair, PairSums]
# Labels beyond those of the pair, and the values; None for a pair without such a series.
Columns = Callable[[Row], Sequence[tuple[str, tuple[Value, ...]]]]


def families(observation: Observation) -> Iterator[Metric]:
    """The upper bound of what was not counted; nothing where connections are not counted."""
    if observation.connections is not None:
        lost = counter(
            "dockernet_connections_lost_total",
            "Upper bound on TCP state changes missed (maps full or BPF program not run).",
        )
        lost.add_metric((), observation.connections.lost, created=observation.connections.started)
        yield lost


def _sums(row: Row) -> Sequence[tuple[str, tuple[Value, ...]]]:
    _, sums = row
    counts = sums.counts
    values = counts.established, sums.living.established, counts.received, counts.sent, counts.retransmitted
    return [("", values)]


def _failed(row: Row) -> Sequence[tuple[str, tuple[Value, ...]]]:
    return [(reason, (count,)) for reason in FAILED if (count := getattr(row[1].counts, reason))]


def _broken(row: Row) -> Sequence[tuple[str, tuple[Value, ...]]]:
    return [(reason, (count,)) for name, reason in BROKEN.items() if (count := getattr(row[1].counts, name))]


def _setup(row: Row) -> Sequence[tuple[str, tuple[Value, ...]]]:
    counts = row[1].counts
    measured = row[0].side == CLIENT and counts.setup_ns
    return [("", (counts.setup_ns / NANOSECONDS, counts.established))] if measured else ()


def _round_trip(row: Row) -> Sequence[tuple[str, tuple[Value, ...]]]:
    living = row[1].living
    return [("", (living.round_trip_us / living.round_trips / MICROSECONDS,))] if living.round_trips else ()


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


def _group(columns: Columns, *counters: TemplatedCounter, with_side: bool) -> TemplatedGroup:
    def rows(report: ConnectionReport | None) -> Iterator[tuple[Row, str, tuple[Value, ...]]]:
        for row in report.pairs.items() if report else ():
            for reason, values in columns(row):
                yield row, reason, values

    def series(observation: Observation) -> list[Series]:
        return [
            Series(_labels(pair, reason, with_side=with_side), sums.created)
            for (pair, sums), reason, _ in rows(observation.connections)
        ]

    def values(observation: Observation) -> list[tuple[Value, ...] | None]:
        report = observation.connections
        return [found for _, _, found in rows(report)] if report else []

    def depends(observation: Observation) -> object:
        return tuple((pair, sums.created, reason) for (pair, sums), reason, _ in rows(observation.connections))

    return TemplatedGroup("connections", counters, series, values, depends)


GROUPS = (
    _group(
        _sums,
        TemplatedCounter("dockernet_connections_established_total", 0, "TCP connections that were established."),
        TemplatedCounter("dockernet_connections_active", 1, "Established TCP connections that have not ended."),
        TemplatedCounter(
            "dockernet_connection_receive_bytes_total",
            2,
            "Payload that the container received (tcp_sock.bytes_received).",
        ),
        TemplatedCounter(
            "dockernet_connection_transmit_bytes_total",
            3,
            "Payload that the container sent, without retransmissions (tcp_sock.bytes_sent).",
        ),
        TemplatedCounter(
            "dockernet_connection_retransmitted_segments_total",
            4,
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
