"""Traffic of the host's veths, as the host's kernel counts it: the directions are the reverse of the container's."""

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
        "dockernet_veth_receive_bytes_total", RX_BYTES, "Bytes received by the device (rx_bytes). Host's view."
    ),
    TemplatedCounter(
        "dockernet_veth_transmit_bytes_total", TX_BYTES, "Bytes sent by the device (tx_bytes). Host's view."
    ),
    TemplatedCounter(
        "dockernet_veth_receive_packets_total",
        RX_PACKETS,
        "Packets received by the device (rx_packets); a GSO packet counts once. Host's view.",
    ),
    TemplatedCounter(
        "dockernet_veth_transmit_packets_total",
        TX_PACKETS,
        "Packets sent by the device (tx_packets); a GSO packet counts once. Host's view.",
    ),
    TemplatedCounter(
        "dockernet_veth_receive_errors_total",
        RX_ERRORS,
        "Receive errors of the device (rx_errors). Host's view.",
    ),
    TemplatedCounter(
        "dockernet_veth_transmit_errors_total",
        TX_ERRORS,
        "Transmit errors of the device (tx_errors). Host's view.",
    ),
    TemplatedCounter(
        "dockernet_veth_receive_packets_dropped_total",
        RX_DROPPED,
        "Received packets of the device dropped (rx_dropped). Host's view.",
    ),
    TemplatedCounter(
        "dockernet_veth_transmit_packets_dropped_total",
        TX_DROPPED,
        "Transmitted packets of the device dropped (tx_dropped). Host's view.",
    ),
)


def series(observation: Observation) -> list[Series]:
    """One per port of a Docker bridge. Its `created` is that of its container, or of its network if it has no owner."""
    return [
        Series(
            (
                ("bridge", port.bridge.link.name),
                ("container", port.container.name if port.container else ""),
                ("network", port.bridge.network.name),
                ("veth", port.link.name),
            ),
            port.container.created if port.container else port.bridge.network.created,
        )
        for port in observation.topology.ports
    ]


def rows(observation: Observation) -> Sequence[StatsRow | None] | None:
    """Return the devices' own readings, in the order of the ports."""
    return observation.readings(port.link for port in observation.topology.ports)


GROUP = TemplatedGroup("veth", COUNTERS, series, rows)
