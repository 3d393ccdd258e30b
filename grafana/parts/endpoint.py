"""What containers receive and send, and where they are attached."""

from grafana_foundation_sdk.builders import table, timeseries

from grafana import columns, links
from grafana.families import ENDPOINT_LOSSES, ENDPOINT_PACKETS, ENDPOINT_RECEIVED, ENDPOINT_SENT
from grafana.panels import graph, mirrored
from grafana.promql import CONTAINER, ENDPOINT, of, rate, total
from grafana.tables import Column, listing
from grafana.targets import over_time, rows

BY = "instance, container"
EACH = "instance, container, network"
ON_NETWORK = "{{container}} on {{network}}, {{instance}}"


def traffic() -> list[timeseries.Panel]:
    """Bytes and packets by network."""
    absent = "A container on the host's network, or in another's namespace, has no traffic of its own to show."
    received, sent = ENDPOINT_PACKETS
    return [
        mirrored(
            "Traffic by network",
            f"Bytes per second on each network, as the container sees it. {absent}",
            "Bps",
            total(EACH, rate(ENDPOINT_RECEIVED, ENDPOINT)),
            total(EACH, rate(ENDPOINT_SENT, ENDPOINT)),
            ON_NETWORK,
            links=links.SERIES_NETWORK,
        ),
        mirrored(
            "Packets by network",
            f"Packets per second on each network; one that segmentation offload cuts later counts once. {absent}",
            "pps",
            total(EACH, rate(received, ENDPOINT)),
            total(EACH, rate(sent, ENDPOINT)),
            ON_NETWORK,
            links=links.SERIES_NETWORK,
        ),
    ]


def losses() -> timeseries.Panel:
    """Drops and errors by network."""
    return graph(
        "Packets lost",
        "Dropped packets and errors per second, on each network.",
        "pps",
        over_time(total(EACH, *(rate(family, ENDPOINT) for family in ENDPOINT_LOSSES)), ON_NETWORK),
        links=links.SERIES_NETWORK,
    )


def endpoints() -> table.Panel:
    """Which veth is whose."""
    by = f"{EACH}, interface, veth, ip_address, ip6_address, mac_address"
    return listing(
        "Endpoints",
        "Each container on each network: its interface inside, the host's veth, and its addresses.",
        [rows(f"max by ({by}) ({of('dockernet_endpoint_info', ENDPOINT)})")],
        [
            columns.CONTAINER,
            columns.NETWORK,
            columns.HOST,
            Column("interface", "Inside", width=90),
            Column("veth", "Veth"),
            Column("ip_address", "IPv4"),
            Column("ip6_address", "IPv6"),
            Column("mac_address", "MAC"),
        ],
        hidden=["Value"],
    )


def containers() -> table.Panel:
    """What runs."""
    by = f"{BY}, image, compose_project, compose_service, network_mode, network_owner"
    return listing(
        "Containers",
        "What runs, and whose network it uses: one that shares a namespace is counted under its owner.",
        [rows(f"max by ({by}) ({of('dockernet_container_info', CONTAINER)})")],
        [
            columns.CONTAINER,
            columns.HOST,
            Column("image", "Image"),
            Column("compose_project", "Project"),
            Column("compose_service", "Service"),
            Column("network_mode", "Network mode"),
            Column("network_owner", "Shares the network of"),
        ],
        hidden=["Value"],
    )
