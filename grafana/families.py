"""Families that are queried together, by subject."""

ENDPOINT_RECEIVED = "dockernet_endpoint_receive_bytes_total"
ENDPOINT_SENT = "dockernet_endpoint_transmit_bytes_total"
ENDPOINT_PACKETS = ("dockernet_endpoint_receive_packets_total", "dockernet_endpoint_transmit_packets_total")
ENDPOINT_LOSSES = (
    "dockernet_endpoint_receive_packets_dropped_total",
    "dockernet_endpoint_transmit_packets_dropped_total",
    "dockernet_endpoint_receive_errors_total",
    "dockernet_endpoint_transmit_errors_total",
)
NETWORK_PACKETS = ("dockernet_network_receive_packets_total", "dockernet_network_transmit_packets_total")
NETWORK_LOSSES = (
    "dockernet_network_receive_packets_dropped_total",
    "dockernet_network_transmit_packets_dropped_total",
    "dockernet_network_receive_errors_total",
    "dockernet_network_transmit_errors_total",
)
UPLINK_PACKETS = ("dockernet_uplink_receive_packets_total", "dockernet_uplink_transmit_packets_total")
UPLINK_LOSSES = (
    "dockernet_uplink_receive_packets_dropped_total",
    "dockernet_uplink_transmit_packets_dropped_total",
    "dockernet_uplink_receive_errors_total",
    "dockernet_uplink_transmit_errors_total",
)
