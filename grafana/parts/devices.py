"""The host's own devices: uplinks and bridges."""

from grafana_foundation_sdk.builders import bargauge, table, timeseries

from grafana import columns, links
from grafana.families import UPLINK_LOSSES
from grafana.looks import BAD, NOTED
from grafana.panels import bars, graph, mirrored
from grafana.promql import HOST, of, rate, total
from grafana.tables import Column, listing
from grafana.targets import now, over_time, rows

BRIDGE_PORTS = 1023


def uplink_traffic() -> timeseries.Panel:
    """Bytes by uplink."""
    return mirrored(
        "Uplink traffic",
        "Traffic of the host's uplinks, including the host's own.",
        "Bps",
        total("instance, device", rate("dockernet_uplink_receive_bytes_total", HOST)),
        total("instance, device", rate("dockernet_uplink_transmit_bytes_total", HOST)),
        "{{device}} on {{instance}}",
    )


def uplink_losses() -> timeseries.Panel:
    """Drops and errors by uplink."""
    return graph(
        "Lost on uplinks",
        "Dropped packets and errors per second, by uplink.",
        "pps",
        over_time(
            total("instance, device", *(rate(family, HOST) for family in UPLINK_LOSSES)), "{{device}} on {{instance}}"
        ),
    )


def uplinks() -> table.Panel:
    """Devices with addresses."""
    by = "instance, device, address"
    info = f"max by ({by}) ({of('dockernet_uplink_info', HOST)})"
    mtu = f"max by (instance, device) ({of('dockernet_uplink_mtu_bytes', HOST)})"
    return listing(
        "Uplinks",
        "The host's uplinks, with their addresses and MTU.",
        [rows(f"{info} * on (instance, device) group_left () {mtu}")],
        [
            columns.HOST,
            Column("device", "Device"),
            Column("address", "Address"),
            Column("Value", "MTU", unit="none", width=70),
        ],
    )


def bridge_traffic() -> timeseries.Panel:
    """Bytes by bridge, as the host sees it."""
    return mirrored(
        "Traffic between host and bridges",
        "The bridge device as the host counts it: received is what containers sent to or through the host.",
        "Bps",
        total("instance, network", rate("dockernet_bridge_receive_bytes_total", HOST)),
        total("instance, network", rate("dockernet_bridge_transmit_bytes_total", HOST)),
        "{{network}} on {{instance}}",
        links=links.SERIES_NETWORK,
    )


def bridge_ports() -> bargauge.Panel:
    """How full bridges are."""
    return bars(
        "Bridge ports in use",
        "The fullest bridges; the kernel allows 1023 ports, and the next container cannot be attached.",
        "short",
        now(
            f"sort_desc(topk(10, max by (instance, network) ({of('dockernet_bridge_ports', HOST)})))",
            "{{network}} on {{instance}}",
        ),
        most=BRIDGE_PORTS,
        steps=((0.8 * BRIDGE_PORTS, NOTED), (0.9 * BRIDGE_PORTS, BAD)),
        links=links.SERIES_NETWORK,
    )


def learned() -> timeseries.Panel:
    """Addresses that bridges know."""
    return graph(
        "Addresses learned by bridges",
        "MAC addresses in a bridge's forwarding table; many more than ports means that a program forges them.",
        "short",
        over_time(
            f"max by (instance, network) ({of('dockernet_bridge_fdb_entries', HOST)})", "{{network}} on {{instance}}"
        ),
    )
