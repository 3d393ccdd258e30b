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
from exporter.metrics.hot import HotCounter, HotGroup, Series

COUNTERS = (
    HotCounter(
        "dockernet_network_receive_bytes_total",
        RECEIVE_BYTES,
        "Bytes all endpoints that the network ever had received.",
    ),
    HotCounter(
        "dockernet_network_transmit_bytes_total", TRANSMIT_BYTES, "Bytes all endpoints that the network ever had sent."
    ),
    HotCounter(
        "dockernet_network_receive_packets_total",
        RECEIVE_PACKETS,
        "Packets they received; one before segmentation offload counts once.",
    ),
    HotCounter(
        "dockernet_network_transmit_packets_total",
        TRANSMIT_PACKETS,
        "Packets they sent; one before segmentation offload counts once.",
    ),
    HotCounter("dockernet_network_receive_errors_total", RECEIVE_ERRORS, "Errors while they were receiving."),
    HotCounter("dockernet_network_transmit_errors_total", TRANSMIT_ERRORS, "Errors while they were sending."),
    HotCounter(
        "dockernet_network_receive_packets_dropped_total", RECEIVE_DROPPED, "Packets dropped while they were receiving."
    ),
    HotCounter(
        "dockernet_network_transmit_packets_dropped_total", TRANSMIT_DROPPED, "Packets dropped while they were sending."
    ),
)

SPLIT_COUNTERS = (
    HotCounter(
        "dockernet_network_external_receive_bytes_total",
        EXTERNAL_RECEIVE,
        "Bytes the host sent into a bridge network: routed in, published ports, the host itself.",
    ),
    HotCounter(
        "dockernet_network_external_transmit_bytes_total",
        EXTERNAL_TRANSMIT,
        "Bytes a bridge network's containers sent to or through the host, broadcasts included.",
    ),
    HotCounter(
        "dockernet_network_internal_bytes_total",
        INTERNAL,
        "Bytes a bridge network's containers sent to each other, what the bridge dropped on the way included.",
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


GROUP = HotGroup("network", COUNTERS, series, rows)
SPLIT_GROUP = HotGroup("network", SPLIT_COUNTERS, split_series, split_rows)
