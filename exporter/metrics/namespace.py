"""TCP and UDP counters of containers' network namespaces, which a background thread reads."""

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
from exporter.metrics.templated import TemplatedGroup
from exporter.metrics.templates.series import Series, TemplatedCounter

REFRESH = "Read by a background thread, see dockernet_namespace_statistics_age_seconds."

CONNECTIONS = TemplatedCounter(
    "dockernet_container_tcp_connections",
    TCP_ESTABLISHED,
    f"TCP connections in state ESTABLISHED or CLOSE-WAIT (Tcp: CurrEstab). {REFRESH}",
)
COUNTERS = (
    TemplatedCounter(
        "dockernet_container_tcp_retransmitted_segments_total",
        RETRANSMITTED_SEGMENTS,
        f"TCP segments retransmitted (Tcp: RetransSegs). {REFRESH}",
    ),
    TemplatedCounter(
        "dockernet_container_tcp_segments_sent_total",
        SEGMENTS_SENT,
        f"TCP segments sent, without retransmissions (Tcp: OutSegs). {REFRESH}",
    ),
    TemplatedCounter(
        "dockernet_container_tcp_listen_overflows_total",
        LISTEN_OVERFLOWS,
        f"Overflows of a listening socket's accept queue (TcpExt: ListenOverflows). {REFRESH}",
    ),
    TemplatedCounter(
        "dockernet_container_tcp_listen_drops_total",
        LISTEN_DROPS,
        f"Connections dropped by a listening socket for any reason (TcpExt: ListenDrops). {REFRESH}",
    ),
    TemplatedCounter(
        "dockernet_container_tcp_resets_sent_total",
        RESETS_SENT,
        f"TCP segments sent with RST (Tcp: OutRsts). {REFRESH}",
    ),
    TemplatedCounter(
        "dockernet_container_tcp_timeouts_total",
        TIMEOUTS,
        f"TCP retransmission timeouts (TcpExt: TCPTimeouts). {REFRESH}",
    ),
    TemplatedCounter(
        "dockernet_container_udp_receive_buffer_errors_total",
        UDP_RECEIVE_BUFFER_ERRORS,
        f"IPv4 UDP datagrams dropped because of a full receive buffer (Udp: RcvbufErrors). {REFRESH}",
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
        "Age of the oldest reading of dockernet_container_tcp_* and dockernet_container_udp_*.",
    )
    age.add_metric((), observation.namespaces.age)
    yield age


GROUP = TemplatedGroup("namespace", (CONNECTIONS, *COUNTERS), series, rows)
