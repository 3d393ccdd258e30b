"""What the made-up hosts' containers, networks and devices move."""

from collections.abc import Sequence

from grafana.preview.fleet import ATTACHMENTS, ENGINES, NETWORKS, UPLINKS, Attachment
from grafana.preview.history import NEVER, Course, History, during, scaled, wave
from grafana.preview.incidents import STOLEN
from grafana.preview.inventory import on

PACKET_BYTES = 900.0
SEGMENT_BYTES = 1400.0


def fill(history: History) -> None:
    """All of it."""
    for attachment in ATTACHMENTS:
        _endpoint(history, attachment)
    for host, network in NETWORKS:
        _network(history, host, network)
    for host, container in {(a.host, a.container): None for a in ATTACHMENTS}:
        _namespace(history, host, container)
    for host in ENGINES:
        _uplink(history, host)


def moves(attachment: Attachment) -> tuple[Course, Course]:
    """Bytes per second that it receives and sends; the shop's traffic falls when its port is stolen."""
    receives = wave(attachment.receives, f"{attachment.container}{attachment.network}")
    sends = wave(attachment.sends, f"{attachment.network}{attachment.container}")
    hurt = STOLEN if attachment.container == "shop-web-1" else NEVER
    return during(hurt, scaled(receives, 0.08), receives), during(hurt, scaled(sends, 0.08), sends)


def together(attachments: Sequence[Attachment]) -> tuple[Course, Course]:
    """What several receive and send."""
    courses = [moves(attachment) for attachment in attachments]
    return lambda ago: sum(course(ago) for course, _ in courses), lambda ago: sum(course(ago) for _, course in courses)


def _endpoint(history: History, attachment: Attachment) -> None:
    host, of = attachment.host, {"container": attachment.container, "network": attachment.network}
    receives, sends = moves(attachment)
    history.counter("dockernet_endpoint_receive_bytes_total", host, of, receives)
    history.counter("dockernet_endpoint_transmit_bytes_total", host, of, sends)
    history.counter("dockernet_endpoint_receive_packets_total", host, of, scaled(receives, 1 / PACKET_BYTES))
    history.counter("dockernet_endpoint_transmit_packets_total", host, of, scaled(sends, 1 / PACKET_BYTES))
    lossy = 2e-6 if attachment.network in {"vpn", "shop_front"} else 0
    history.counter("dockernet_endpoint_receive_packets_dropped_total", host, of, scaled(receives, lossy))
    history.counter("dockernet_endpoint_transmit_packets_dropped_total", host, of)
    history.counter("dockernet_endpoint_receive_errors_total", host, of)
    history.counter("dockernet_endpoint_transmit_errors_total", host, of)


def _network(history: History, host: str, name: str) -> None:
    network, of = NETWORKS[host, name], {"network": name}
    receives, sends = together(on(host, name))
    history.counter("dockernet_network_receive_bytes_total", host, of, receives)
    history.counter("dockernet_network_transmit_bytes_total", host, of, sends)
    history.counter("dockernet_network_receive_packets_total", host, of, scaled(receives, 1 / PACKET_BYTES))
    history.counter("dockernet_network_transmit_packets_total", host, of, scaled(sends, 1 / PACKET_BYTES))
    history.counter("dockernet_network_receive_packets_dropped_total", host, of, scaled(receives, 1e-6))
    history.counter("dockernet_network_transmit_packets_dropped_total", host, of, scaled(sends, 1e-6))
    history.counter("dockernet_network_receive_errors_total", host, of)
    history.counter("dockernet_network_transmit_errors_total", host, of)
    if network.driver != "bridge":
        return
    outside = 0.04 if network.internal == "true" else 0.55
    inward, outward, device = scaled(receives, outside), scaled(sends, outside), of | {"bridge": network.bridge}
    history.counter("dockernet_network_internal_bytes_total", host, of, scaled(sends, 1 - outside))
    history.counter("dockernet_network_external_receive_bytes_total", host, of, inward)
    history.counter("dockernet_network_external_transmit_bytes_total", host, of, outward)
    history.counter("dockernet_bridge_receive_bytes_total", host, device, outward)
    history.counter("dockernet_bridge_transmit_bytes_total", host, device, inward)


def _namespace(history: History, host: str, container: str) -> None:
    of = {"container": container}
    busy = sum(attachment.sends for attachment in ATTACHMENTS if attachment.container == container)
    segments, loss = busy / SEGMENT_BYTES, 0.02 if container == "vpn-gateway" else 0.0008
    history.gauge("dockernet_container_tcp_connections", host, of, wave(4 + busy / 9e4, container))
    history.counter("dockernet_container_tcp_segments_sent_total", host, of, wave(segments, container))
    again = wave(loss * segments, f"{container} loss")
    history.counter("dockernet_container_tcp_retransmitted_segments_total", host, of, again)
    history.counter("dockernet_container_tcp_timeouts_total", host, of, scaled(again, 0.1))
    full = during((0.9, 0.7) if container == "shop-api-1" else NEVER, wave(0.4, container))
    history.counter("dockernet_container_tcp_listen_overflows_total", host, of, full)
    history.counter("dockernet_container_tcp_listen_drops_total", host, of, full)
    history.counter("dockernet_container_tcp_resets_sent_total", host, of, wave(0.05 + busy / 4e6, container))
    lost = during((1.8, 1.5) if container == "vpn-gateway" else NEVER, wave(6, container))
    history.counter("dockernet_container_udp_receive_buffer_errors_total", host, of, lost)


def _uplink(history: History, host: str) -> None:
    of = {"device": UPLINKS[host][0]}
    inward, outward = together([attachment for attachment in ATTACHMENTS if attachment.host == host])
    dropped = during((1.3, 1.1) if host == "edge-1" else NEVER, wave(3, host))
    history.counter("dockernet_uplink_receive_bytes_total", host, of, scaled(inward, 0.6))
    history.counter("dockernet_uplink_transmit_bytes_total", host, of, scaled(outward, 0.6))
    history.counter("dockernet_uplink_receive_packets_total", host, of, scaled(inward, 0.6 / PACKET_BYTES))
    history.counter("dockernet_uplink_transmit_packets_total", host, of, scaled(outward, 0.6 / PACKET_BYTES))
    history.counter("dockernet_uplink_receive_packets_dropped_total", host, of, dropped)
    history.counter("dockernet_uplink_transmit_packets_dropped_total", host, of)
    history.counter("dockernet_uplink_receive_errors_total", host, of)
    history.counter("dockernet_uplink_transmit_errors_total", host, of)
