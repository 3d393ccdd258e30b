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
from exporter.metrics.templated import TemplatedGroup
from exporter.metrics.templates.series import Series, TemplatedCounter

COUNTERS = (
    TemplatedCounter(
        "dockernet_endpoint_receive_bytes_total",
        RECEIVE_BYTES,
        "Bytes received by the container (host veth: tx_bytes).",
    ),
    TemplatedCounter(
        "dockernet_endpoint_transmit_bytes_total", TRANSMIT_BYTES, "Bytes sent by the container (host veth: rx_bytes)."
    ),
    TemplatedCounter(
        "dockernet_endpoint_receive_packets_total",
        RECEIVE_PACKETS,
        "Packets received by the container (host veth: tx_packets); a GSO packet counts once.",
    ),
    TemplatedCounter(
        "dockernet_endpoint_transmit_packets_total",
        TRANSMIT_PACKETS,
        "Packets sent by the container (host veth: rx_packets); a GSO packet counts once.",
    ),
    TemplatedCounter(
        "dockernet_endpoint_receive_errors_total",
        RECEIVE_ERRORS,
        "Receive errors of the container (host veth: tx_errors).",
    ),
    TemplatedCounter(
        "dockernet_endpoint_transmit_errors_total",
        TRANSMIT_ERRORS,
        "Transmit errors of the container (host veth: rx_errors).",
    ),
    TemplatedCounter(
        "dockernet_endpoint_receive_packets_dropped_total",
        RECEIVE_DROPPED,
        "Received packets of the container dropped (host veth: tx_dropped).",
    ),
    TemplatedCounter(
        "dockernet_endpoint_transmit_packets_dropped_total",
        TRANSMIT_DROPPED,
        "Transmitted packets of the container dropped (host veth: rx_dropped).",
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


GROUP = TemplatedGroup("endpoint", COUNTERS, series, rows)
