"""TCP and UDP of a container as the kernel counts it in its network namespace; refreshed beside the scrapes."""

from collections.abc import Iterator, Sequence

from exporter.core.model.kernel_sample import StatsRow
from exporter.core.observation import Observation
from exporter.core.traffic.tcp_udp_ledger import (
    LISTEN_DROPS,
    LISTEN_OVERFLOWS,
    RESETS_SENT,
    RETRANSMITTED_SEGMENTS,
    SEGMENTS_SENT,
    TCP_ESTABLISHED,
    TIMEOUTS,
    UDP_RECEIVE_BUFFER_ERRORS,
)
from exporter.metrics.build import Metric, gauge
from exporter.metrics.templated import Series, TemplatedCounter, TemplatedGroup

BESIDE = "Refreshed beside the scrape, see dockernet_namespace_statistics_age_seconds."

CONNECTIONS = TemplatedCounter(
    "dockernet_container_tcp_connections",
    TCP_ESTABLISHED,
    f"Established TCP connections, those that only the other end has closed included (Tcp: CurrEstab). {BESIDE}",
)
COUNTERS = (
    TemplatedCounter(
        "dockernet_container_tcp_retransmitted_segments_total",
        RETRANSMITTED_SEGMENTS,
        f"TCP segments sent once more (Tcp: RetransSegs). {BESIDE}",
    ),
    TemplatedCounter(
        "dockernet_container_tcp_segments_sent_total",
        SEGMENTS_SENT,
        f"TCP segments sent, retransmitted ones not included (Tcp: OutSegs). {BESIDE}",
    ),
    TemplatedCounter(
        "dockernet_container_tcp_listen_overflows_total",
        LISTEN_OVERFLOWS,
        f"Times that a listening socket's accept queue was full (TcpExt: ListenOverflows). {BESIDE}",
    ),
    TemplatedCounter(
        "dockernet_container_tcp_listen_drops_total",
        LISTEN_DROPS,
        f"Connections that a listening socket dropped, for a full queue or else (TcpExt: ListenDrops). {BESIDE}",
    ),
    TemplatedCounter(
        "dockernet_container_tcp_resets_sent_total",
        RESETS_SENT,
        f"TCP segments sent with RST (Tcp: OutRsts). {BESIDE}",
    ),
    TemplatedCounter(
        "dockernet_container_tcp_timeouts_total",
        TIMEOUTS,
        f"TCP retransmission timers that ran out (TcpExt: TCPTimeouts). {BESIDE}",
    ),
    TemplatedCounter(
        "dockernet_container_udp_receive_buffer_errors_total",
        UDP_RECEIVE_BUFFER_ERRORS,
        f"IPv4 UDP datagrams dropped because a socket's receive buffer was full (Udp: RcvbufErrors). {BESIDE}",
    ),
)


def series(observation: Observation) -> list[Series]:
    """One per container with a network namespace of its own."""
    return [Series((("container", name),), began) for name, began in observation.namespaces.containers]


def rows(observation: Observation) -> Sequence[StatsRow | None] | None:
    """Return the containers' sums in the same order."""
    return observation.namespaces.rows


def families(observation: Observation) -> Iterator[Metric]:
    """dockernet_namespace_statistics_age_seconds; absent while nothing was read."""
    if observation.namespaces.age is None:
        return
    age = gauge(
        "dockernet_namespace_statistics_age_seconds",
        "Age of the oldest reading of a container's network namespace: what dockernet_container_tcp_* and _udp_* show.",
    )
    age.add_metric((), observation.namespaces.age)
    yield age


GROUP = TemplatedGroup("namespace", (CONNECTIONS, *COUNTERS), series, rows)
