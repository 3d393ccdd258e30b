"""Network: endpoints, what stays inside and what leaves, addresses, MTU."""

from grafana_foundation_sdk.builders import stat, table, timeseries
from grafana_foundation_sdk.models import dashboard

from grafana import columns, links
from grafana.dashboard import assembled
from grafana.families import NETWORK_LOSSES, NETWORK_PACKETS
from grafana.grid import Grid
from grafana.looks import BAD, NOTED
from grafana.panels import figure, graph, mirrored, verdict
from grafana.parts import addresses, findings, rules, verdicts
from grafana.promql import NETWORK, moved, of, rate, share, total
from grafana.tables import Column, listing
from grafana.targets import over_time, rows

BY = "instance, network"
CALLED = "{{network}} on {{instance}}"
INSIDE = rate("dockernet_network_internal_bytes_total", NETWORK)
OUTSIDE = (
    rate("dockernet_network_external_receive_bytes_total", NETWORK),
    rate("dockernet_network_external_transmit_bytes_total", NETWORK),
)


def build() -> dashboard.Dashboard:
    """The whole dashboard."""
    grid = Grid()
    grid.row("Is something wrong?")
    grid.place(3, 4, *first_row())
    grid.place(14, 7, findings.networks("Network findings", "What is wrong with networks now."))
    grid.place(10, 7, findings.over_the_range("Findings over time", "dockernet_network_findings", ((1, NOTED),)))
    grid.row("Traffic")
    grid.place(12, 9, traffic(), inside_and_outside())
    grid.place(12, 8, packets(), losses())
    grid.row("What there is")
    grid.place(12, 9, networks(), addresses.subnets())
    grid.row("Addresses, endpoints and rules")
    grid.place(8, 8, addresses.fullest(), endpoints(), addresses.address_changes())
    grid.place(12, 8, network_rules(), rules.masqueraded(NETWORK))
    grid.place(12, 8, rules.filtered(NETWORK), overlay_peers())
    return assembled(
        "network",
        "Network",
        "Docker's networks: their containers, internal and external traffic, and free addresses.",
        ("network",),
        grid,
    )


def first_row() -> list[stat.Panel]:
    """The verdicts, and how much there is."""
    return [
        verdicts.network_findings(),
        verdict(
            "Fullest subnet",
            "Addresses in use as a share of those that Docker can assign.",
            f"max({share(addresses.USED, addresses.KNOWN)})",
            unit="percentunit",
            steps=((0.8, NOTED), (0.95, BAD)),
        ),
        verdicts.lost("Packets lost", NETWORK_LOSSES, NETWORK_PACKETS, NETWORK),
        verdict(
            "Address changes",
            "Containers that came back with another address in the time range: clients with the old one fail.",
            total("", moved("dockernet_endpoint_address_changes_total", NETWORK)),
            unit="short",
            steps=((1, NOTED),),
        ),
        figure(
            "Networks",
            "Networks that the engines know.",
            f"count({of('dockernet_network_info', NETWORK)})",
            "short",
        ),
        figure(
            "Endpoints",
            "Running containers on networks, once for each network.",
            f"sum({of('dockernet_network_endpoints', NETWORK)})",
            "short",
        ),
        figure(
            "Traffic",
            "What containers receive and send on these networks.",
            total(
                "",
                rate("dockernet_network_receive_bytes_total", NETWORK),
                rate("dockernet_network_transmit_bytes_total", NETWORK),
            ),
            "Bps",
        ),
        figure(
            "Stays inside",
            "Bytes between containers of one bridge network, as a share of all that they send.",
            share(f"sum({INSIDE})", f"(sum({INSIDE}) + sum({OUTSIDE[1]}))"),
            "percentunit",
        ),
    ]


def traffic() -> timeseries.Panel:
    """Bytes by network."""
    return mirrored(
        "Traffic by network",
        "What the containers of a network receive and send; those that ended between two scrapes are in it.",
        "Bps",
        total(BY, rate("dockernet_network_receive_bytes_total", NETWORK)),
        total(BY, rate("dockernet_network_transmit_bytes_total", NETWORK)),
        CALLED,
        links=links.SERIES_NETWORK,
    )


def inside_and_outside() -> timeseries.Panel:
    """What stays, and what crosses the bridge."""
    return graph(
        "Inside and outside",
        "Bridge networks: bytes between their containers, and bytes that cross the bridge to or from the host.",
        "Bps",
        over_time(total(BY, INSIDE), f"{CALLED} inside", "inside"),
        over_time(total(BY, *OUTSIDE), f"{CALLED} outside", "outside"),
        links=links.SERIES_NETWORK,
    )


def packets() -> timeseries.Panel:
    """Packets by network."""
    received, sent = NETWORK_PACKETS
    return mirrored(
        "Packets by network",
        "Packets per second; one that segmentation offload cuts later counts once.",
        "pps",
        total(BY, rate(received, NETWORK)),
        total(BY, rate(sent, NETWORK)),
        CALLED,
        links=links.SERIES_NETWORK,
    )


def losses() -> timeseries.Panel:
    """Drops and errors by network."""
    return graph(
        "Packets lost by network",
        "Dropped packets and errors per second.",
        "pps",
        over_time(total(BY, *(rate(family, NETWORK) for family in NETWORK_LOSSES)), CALLED),
        links=links.SERIES_NETWORK,
    )


def networks() -> table.Panel:
    """A row for each network."""
    by = f"{BY}, driver, scope, bridge, internal, ipv6"
    answers = {
        "info": f"max by ({by}) ({of('dockernet_network_info', NETWORK)})",
        "endpoints": total(BY, of("dockernet_network_endpoints", NETWORK)),
        "mtu": f"max by ({BY}) ({of('dockernet_network_mtu_bytes', NETWORK)})",
    }
    shown = [
        columns.NETWORK,
        columns.HOST,
        Column("driver", "Driver", width=75),
        Column("bridge", "Device"),
        Column("internal", "Internal", width=72),
        Column("ipv6", "IPv6", width=60),
        Column("Value #mtu", "MTU", unit="none", width=65),
        Column("Value #endpoints", "Endpoints", width=88),
    ]
    return listing(
        "Networks",
        "Each network of each host; the MTU is that of bridge networks.",
        [rows(expr, ref) for ref, expr in answers.items()],
        shown,
        hidden=["Value #info", "scope"],
        sort=("Endpoints", True),
    )


def endpoints() -> timeseries.Panel:
    """Who comes and goes."""
    return graph(
        "Endpoints by network",
        "Running containers on each network.",
        "short",
        over_time(total(BY, of("dockernet_network_endpoints", NETWORK)), CALLED),
        links=links.SERIES_NETWORK,
    )


def network_rules() -> timeseries.Panel:
    """Rules that belong to a network."""
    return graph(
        "NAT rules by network",
        "Rules that belong to a network, by target; they come and go with its published ports.",
        "short",
        over_time(total(f"{BY}, target", of("dockernet_network_nat_rules", NETWORK)), "{{target}} " + CALLED),
        links=links.SERIES_NETWORK,
    )


def overlay_peers() -> timeseries.Panel:
    """Nodes that an overlay reaches."""
    return graph(
        "Overlay peers",
        "Other nodes to which an overlay network sends; one that is missing is a partition.",
        "short",
        over_time(f"max by ({BY}) ({of('dockernet_overlay_peers', NETWORK)})", CALLED),
        links=links.SERIES_NETWORK,
    )
