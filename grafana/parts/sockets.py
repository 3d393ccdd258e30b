"""How TCP and UDP fare inside containers."""

from grafana_foundation_sdk.builders import timeseries

from grafana.panels import graph
from grafana.promql import CONTAINER, of, rate, share, total
from grafana.targets import over_time

BY = "instance, container"
CALLED = "{{container}} on {{instance}}"
RETRANSMITTED = "dockernet_container_tcp_retransmitted_segments_total"
SEGMENTS = "dockernet_container_tcp_segments_sent_total"


def health() -> list[timeseries.Panel]:
    """Connections, retransmissions, queues."""
    return [
        graph(
            "TCP connections",
            "Established connections in the container's namespace.",
            "short",
            over_time(total(BY, of("dockernet_container_tcp_connections", CONTAINER)), CALLED),
        ),
        graph(
            "Retransmitted",
            "TCP segments that had to be sent again, as a share of those sent.",
            "percentunit",
            over_time(share(total(BY, rate(RETRANSMITTED, CONTAINER)), total(BY, rate(SEGMENTS, CONTAINER))), CALLED),
        ),
        graph(
            "Connections not accepted",
            "Per second: the accept queue was full, as the program is slow or its backlog small; or one was dropped.",
            "cps",
            over_time(
                total(BY, rate("dockernet_container_tcp_listen_overflows_total", CONTAINER)),
                f"{CALLED} queue full",
                "overflows",
            ),
            over_time(
                total(BY, rate("dockernet_container_tcp_listen_drops_total", CONTAINER)), f"{CALLED} dropped", "drops"
            ),
        ),
    ]


def resets() -> list[timeseries.Panel]:
    """How connections end badly."""
    return [
        graph(
            "Resets sent",
            "TCP segments with RST per second: connections refused or cut off by this side.",
            "pps",
            over_time(total(BY, rate("dockernet_container_tcp_resets_sent_total", CONTAINER)), CALLED),
        ),
        graph(
            "Retransmission timeouts",
            "Timers per second that ran out without an answer from the other side.",
            "ops",
            over_time(total(BY, rate("dockernet_container_tcp_timeouts_total", CONTAINER)), CALLED),
        ),
        graph(
            "UDP datagrams lost",
            "Datagrams per second dropped because a receive buffer was full: the program reads too slowly.",
            "pps",
            over_time(total(BY, rate("dockernet_container_udp_receive_buffer_errors_total", CONTAINER)), CALLED),
        ),
    ]
