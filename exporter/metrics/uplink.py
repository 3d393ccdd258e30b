"""Traffic of the uplinks: the devices that carry a default route or a route to a gateway."""

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
from exporter.metrics.build import boot_time
from exporter.metrics.templated import TemplatedGroup
from exporter.metrics.templates.series import Series, TemplatedCounter

COUNTERS = (
    TemplatedCounter("dockernet_uplink_receive_bytes_total", RX_BYTES, "Bytes received by the uplink (rx_bytes)."),
    TemplatedCounter("dockernet_uplink_transmit_bytes_total", TX_BYTES, "Bytes sent by the uplink (tx_bytes)."),
    TemplatedCounter(
        "dockernet_uplink_receive_packets_total",
        RX_PACKETS,
        "Packets received by the uplink (rx_packets); a GSO packet counts once.",
    ),
    TemplatedCounter(
        "dockernet_uplink_transmit_packets_total",
        TX_PACKETS,
        "Packets sent by the uplink (tx_packets); a GSO packet counts once.",
    ),
    TemplatedCounter("dockernet_uplink_receive_errors_total", RX_ERRORS, "Receive errors of the uplink (rx_errors)."),
    TemplatedCounter("dockernet_uplink_transmit_errors_total", TX_ERRORS, "Transmit errors of the uplink (tx_errors)."),
    TemplatedCounter(
        "dockernet_uplink_receive_packets_dropped_total",
        RX_DROPPED,
        "Received packets of the uplink dropped (rx_dropped).",
    ),
    TemplatedCounter(
        "dockernet_uplink_transmit_packets_dropped_total",
        TX_DROPPED,
        "Transmitted packets of the uplink dropped (tx_dropped).",
    ),
)


def series(observation: Observation) -> list[Series]:
    """One per uplink; the kernel counts since the machine's start at the earliest."""
    return [Series((("device", link.name),), boot_time()) for link in observation.topology.uplinks]


def rows(observation: Observation) -> Sequence[StatsRow | None] | None:
    """Return the uplinks' own readings, in the order of the uplinks."""
    return observation.readings(observation.topology.uplinks)


GROUP = TemplatedGroup("uplink", COUNTERS, series, rows)
