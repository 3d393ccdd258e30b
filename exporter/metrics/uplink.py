"""Traffic of the uplinks: the devices that carry a default route or a route to a gateway."""

from collections.abc import Sequence

import psutil

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
from exporter.metrics.templated import Series, TemplatedCounter, TemplatedGroup

COUNTERS = (
    TemplatedCounter("dockernet_uplink_receive_bytes_total", RX_BYTES, "Bytes the uplink received (rx_bytes)."),
    TemplatedCounter("dockernet_uplink_transmit_bytes_total", TX_BYTES, "Bytes the uplink sent (tx_bytes)."),
    TemplatedCounter(
        "dockernet_uplink_receive_packets_total",
        RX_PACKETS,
        "Packets the uplink received (rx_packets); one before segmentation offload counts once.",
    ),
    TemplatedCounter(
        "dockernet_uplink_transmit_packets_total",
        TX_PACKETS,
        "Packets the uplink sent (tx_packets); one before segmentation offload counts once.",
    ),
    TemplatedCounter(
        "dockernet_uplink_receive_errors_total", RX_ERRORS, "Errors while the uplink was receiving (rx_errors)."
    ),
    TemplatedCounter(
        "dockernet_uplink_transmit_errors_total", TX_ERRORS, "Errors while the uplink was sending (tx_errors)."
    ),
    TemplatedCounter(
        "dockernet_uplink_receive_packets_dropped_total",
        RX_DROPPED,
        "Packets dropped while the uplink was receiving (rx_dropped).",
    ),
    TemplatedCounter(
        "dockernet_uplink_transmit_packets_dropped_total",
        TX_DROPPED,
        "Packets dropped while the uplink was sending (tx_dropped).",
    ),
)


def series(observation: Observation) -> list[Series]:
    """One per uplink; the kernel counts since the machine's start at the earliest."""
    return [Series((("device", link.name),), psutil.boot_time()) for link in observation.topology.uplinks]


def rows(observation: Observation) -> Sequence[StatsRow | None] | None:
    """Return the uplinks' own readings, in the order of the uplinks."""
    return observation.readings(observation.topology.uplinks)


GROUP = TemplatedGroup("uplink", COUNTERS, series, rows)
