"""Traffic of the bridge devices: only what goes to or from the host itself, never from one container to another."""

from collections.abc import Sequence

from exporter.core.model.kernel_sample import (
    RX_BYTES,
    RX_DROPPED,
    RX_ERRORS,
    RX_PACKETS,
    TX_BYTES,
    TX_DROPPED,
    TX_ERRORS,
    TX_PACKETS,
    StatsRow,
)
from exporter.core.observation import Observation
from exporter.metrics.templated import TemplatedGroup
from exporter.metrics.templates.series import Series, TemplatedCounter

COUNTERS = (
    TemplatedCounter(
        "dockernet_bridge_receive_bytes_total",
        RX_BYTES,
        "Bytes received by the bridge device (rx_bytes).",
    ),
    TemplatedCounter(
        "dockernet_bridge_transmit_bytes_total",
        TX_BYTES,
        "Bytes sent by the bridge device (tx_bytes).",
    ),
    TemplatedCounter(
        "dockernet_bridge_receive_packets_total",
        RX_PACKETS,
        "Packets received by the bridge device (rx_packets); a GSO packet counts once.",
    ),
    TemplatedCounter(
        "dockernet_bridge_transmit_packets_total",
        TX_PACKETS,
        "Packets sent by the bridge device (tx_packets); a GSO packet counts once.",
    ),
    TemplatedCounter(
        "dockernet_bridge_receive_errors_total",
        RX_ERRORS,
        "Receive errors of the bridge device (rx_errors).",
    ),
    TemplatedCounter(
        "dockernet_bridge_transmit_errors_total",
        TX_ERRORS,
        "Transmit errors of the bridge device (tx_errors).",
    ),
    TemplatedCounter(
        "dockernet_bridge_receive_packets_dropped_total",
        RX_DROPPED,
        "Received packets of the bridge device dropped (rx_dropped).",
    ),
    TemplatedCounter(
        "dockernet_bridge_transmit_packets_dropped_total",
        TX_DROPPED,
        "Transmitted packets of the bridge device dropped (tx_dropped).",
    ),
)


def series(observation: Observation) -> list[Series]:
    """One per Docker bridge."""
    return [
        Series((("bridge", bridge.link.name), ("network", bridge.network.name)), bridge.network.created)
        for bridge in observation.topology.bridges
    ]


def rows(observation: Observation) -> Sequence[StatsRow | None] | None:
    """Return the bridges' own readings, in the order of the bridges."""
    return observation.readings(bridge.link for bridge in observation.topology.bridges)


GROUP = TemplatedGroup("bridge", COUNTERS, series, rows)
