"""Traffic of networks: everything their endpoints ever moved while the exporter ran, the short-lived ones included."""

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
from exporter.core.traffic.bridge_split import EXTERNAL_RECEIVE, EXTERNAL_TRANSMIT, INTERNAL
from exporter.metrics.templated import TemplatedGroup
from exporter.metrics.templates.series import Series, TemplatedCounter

COUNTERS = (
    TemplatedCounter(
        "dockernet_network_receive_bytes_total",
        RECEIVE_BYTES,
        "Bytes received by all current and former endpoints of the network.",
    ),
    TemplatedCounter(
        "dockernet_network_transmit_bytes_total",
        TRANSMIT_BYTES,
        "Bytes sent by all current and former endpoints of the network.",
    ),
    TemplatedCounter(
        "dockernet_network_receive_packets_total",
        RECEIVE_PACKETS,
        "Packets received by all current and former endpoints; a GSO packet counts once.",
    ),
    TemplatedCounter(
        "dockernet_network_transmit_packets_total",
        TRANSMIT_PACKETS,
        "Packets sent by all current and former endpoints; a GSO packet counts once.",
    ),
    TemplatedCounter(
        "dockernet_network_receive_errors_total", RECEIVE_ERRORS, "Receive errors of all current and former endpoints."
    ),
    TemplatedCounter(
        "dockernet_network_transmit_errors_total",
        TRANSMIT_ERRORS,
        "Transmit errors of all current and former endpoints.",
    ),
    TemplatedCounter(
        "dockernet_network_receive_packets_dropped_total",
        RECEIVE_DROPPED,
        "Received packets dropped, of all current and former endpoints.",
    ),
    TemplatedCounter(
        "dockernet_network_transmit_packets_dropped_total",
        TRANSMIT_DROPPED,
        "Transmitted packets dropped, of all current and former endpoints.",
    ),
)

SPLIT_COUNTERS = (
    TemplatedCounter(
        "dockernet_network_external_receive_bytes_total",
        EXTERNAL_RECEIVE,
        "Bytes into a bridge network from the host or through it, published ports included (bridge device: tx_bytes).",
    ),
    TemplatedCounter(
        "dockernet_network_external_transmit_bytes_total",
        EXTERNAL_TRANSMIT,
        "Bytes out of a bridge network to or through the host, broadcasts included (bridge device: rx_bytes).",
    ),
    TemplatedCounter(
        "dockernet_network_internal_bytes_total",
        INTERNAL,
        "Bytes between the containers of a bridge network, including those that the bridge dropped.",
    ),
)


def series(observation: Observation) -> list[Series]:
    """One per network whose containers have devices."""
    return [Series((("network", network.name),), network.created) for network in observation.topology.networks]


def rows(observation: Observation) -> Sequence[StatsRow | None] | None:
    """Return the networks' sums, in the order of the networks."""
    sums = observation.networks
    return None if sums is None else [sums.get(network.id) for network in observation.topology.networks]


def split_series(observation: Observation) -> list[Series]:
    """One per bridge network whose device is here."""
    return [
        Series((("network", bridge.network.name),), bridge.network.created) for bridge in observation.topology.bridges
    ]


def split_rows(observation: Observation) -> Sequence[StatsRow | None] | None:
    """Return the splits, in the order of the bridges."""
    splits = observation.splits
    return None if splits is None else [splits.get(bridge.network.id) for bridge in observation.topology.bridges]


GROUP = TemplatedGroup("network", COUNTERS, series, rows)
SPLIT_GROUP = TemplatedGroup("network", SPLIT_COUNTERS, split_series, split_rows)
