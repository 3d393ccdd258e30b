"""Traffic of endpoints: what one container received and sent on one network, as the container sees it."""

from collections.abc import Sequence

from exporter.core.model.kernel_sample import (
    RECEIVE_BYTES,
    RECEIVE_DROPPED,
    RECEIVE_ERRORS,
    RECEIVE_PACKETS,
    TRANSMIT_BYTES,
    TRANSMIT_DROPPED,
    TRANSMIT_ERRORS,
    TRANSMIT_PACKETS,
    StatsRow,
)
from exporter.core.observation import Observation
from exporter.metrics.hot import HotCounter, HotGroup, Series

COUNTERS = (
    HotCounter(
        "dockernet_endpoint_receive_bytes_total", RECEIVE_BYTES, "Bytes the container received (host veth: tx_bytes)."
    ),
    HotCounter(
        "dockernet_endpoint_transmit_bytes_total", TRANSMIT_BYTES, "Bytes the container sent (host veth: rx_bytes)."
    ),
    HotCounter(
        "dockernet_endpoint_receive_packets_total",
        RECEIVE_PACKETS,
        "Packets the container received (host veth: tx_packets); one before segmentation offload counts once.",
    ),
    HotCounter(
        "dockernet_endpoint_transmit_packets_total",
        TRANSMIT_PACKETS,
        "Packets the container sent (host veth: rx_packets); one before segmentation offload counts once.",
    ),
    HotCounter(
        "dockernet_endpoint_receive_errors_total",
        RECEIVE_ERRORS,
        "Errors while the container was receiving (host veth: tx_errors).",
    ),
    HotCounter(
        "dockernet_endpoint_transmit_errors_total",
        TRANSMIT_ERRORS,
        "Errors while the container was sending (host veth: rx_errors).",
    ),
    HotCounter(
        "dockernet_endpoint_receive_packets_dropped_total",
        RECEIVE_DROPPED,
        "Packets dropped while the container was receiving (host veth: tx_dropped).",
    ),
    HotCounter(
        "dockernet_endpoint_transmit_packets_dropped_total",
        TRANSMIT_DROPPED,
        "Packets dropped while the container was sending (host veth: rx_dropped).",
    ),
)


def series(observation: Observation) -> list[Series]:
    """One per container and network."""
    return [
        Series((("container", a.container.name), ("network", a.network.name)), observation.created.get(key, 0.0))
        for a, key, _ in observation.topology.counted
    ]


def rows(observation: Observation) -> Sequence[StatsRow | None] | None:
    """Return the endpoints' sums, in the order of the counted attachments."""
    sums = observation.endpoints
    return None if sums is None else [sums.get(key) for _, key, _ in observation.topology.counted]


GROUP = HotGroup("endpoint", COUNTERS, series, rows)
