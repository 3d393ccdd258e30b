"""Container: traffic on each network, TCP health, ports, and what happened to it."""

from grafana_foundation_sdk.builders import stat, table, timeseries
from grafana_foundation_sdk.builders.dashboard import AnnotationQuery
from grafana_foundation_sdk.models import dashboard

from grafana import columns, links
from grafana.dashboard import annotation, assembled
from grafana.families import ENDPOINT_LOSSES, ENDPOINT_PACKETS, ENDPOINT_RECEIVED, ENDPOINT_SENT
from grafana.grid import Grid
from grafana.looks import BAD, NOTED
from grafana.panels import figure, graph, verdict
from grafana.parts import connections, endpoint, sockets, verdicts
from grafana.promql import CONTAINER, ENDPOINT, HOST, moved, of, or_zero, rate, share, total
from grafana.tables import Column, listing
from grafana.targets import over_time, rows

BY = "instance, container"
CALLED = "{{container}} on {{instance}}"


def build() -> dashboard.Dashboard:
    """The whole dashboard."""
    grid = Grid()
    grid.row("Is something wrong?")
    grid.place(3, 4, *first_row())
    grid.row("Traffic")
    grid.place(12, 9, *endpoint.traffic())
    grid.place(12, 8, endpoint.losses(), tracked())
    grid.row("TCP and UDP")
    grid.place(8, 9, *sockets.health())
    grid.place(8, 8, *sockets.resets())
    grid.row("Published ports")
    grid.place(11, 8, ports())
    grid.place(8, 8, connections.connections())
    grid.place(5, 8, rules())
    grid.row("What and where")
    grid.place(24, 7, endpoint.endpoints())
    grid.place(24, 7, endpoint.containers())
    return assembled(
        "container",
        "Container",
        "Traffic of containers on each network, their TCP health and their published ports.",
        ("compose_project", "network", "container"),
        grid,
        started(),
        address_changed(),
    )


def first_row() -> list[stat.Panel]:
    """The verdicts, and how much there is."""
    wanted = of("dockernet_port_conflict", f'{HOST}, wanted_by=~"$container"')
    overflows = total(
        "",
        moved("dockernet_container_tcp_listen_overflows_total", CONTAINER),
        moved("dockernet_container_tcp_listen_drops_total", CONTAINER),
    )
    return [
        verdict(
            "Port conflicts",
            "Ports that these containers are configured for but do not have.",
            or_zero(f"count({wanted} == 1)"),
            links=links.dashboard_of("ports"),
        ),
        verdicts.lost("Packets lost", ENDPOINT_LOSSES, ENDPOINT_PACKETS, ENDPOINT),
        verdict(
            "Retransmitted",
            "Retransmitted TCP segments as a share of all sent segments: loss or delay in the network.",
            or_zero(
                share(total("", rate(sockets.RETRANSMITTED, CONTAINER)), total("", rate(sockets.SEGMENTS, CONTAINER)))
            ),
            unit="percentunit",
            steps=((0.01, NOTED), (0.05, BAD)),
        ),
        verdict(
            "Not accepted",
            "Times in the range that a listening socket's queue was full or that it dropped a connection.",
            overflows,
            unit="short",
            steps=((1, NOTED), (100, BAD)),
        ),
        verdict(
            "Address changes",
            "How often they came back with another address in the time range.",
            total("", moved("dockernet_endpoint_address_changes_total", ENDPOINT)),
            unit="short",
            steps=((1, NOTED),),
        ),
        figure("Containers", "Running containers.", f"count({of('dockernet_container_info', CONTAINER)})", "short"),
        figure(
            "Received",
            "What they receive, on the chosen networks.",
            total("", rate(ENDPOINT_RECEIVED, ENDPOINT)),
            "Bps",
        ),
        figure(
            "Sent",
            "What they send, on the chosen networks.",
            total("", rate(ENDPOINT_SENT, ENDPOINT)),
            "Bps",
        ),
    ]


def tracked() -> timeseries.Panel:
    """Connections that the host tracks."""
    return graph(
        "Connections tracked by the host",
        "Entries of the host's connection table that are this container's, by protocol.",
        "short",
        over_time(
            total(f"{BY}, protocol", of("dockernet_container_conntrack_entries", CONTAINER)),
            "{{protocol}} of " + CALLED,
        ),
        links=links.SERIES_HOST,
    )


def ports() -> table.Panel:
    """What is published."""
    by = f"{connections.PUBLISHED}, host_address, container_port, scope"
    return listing(
        "Published ports",
        "Ports that Docker reports as published; `all` means every address of the host.",
        [rows(f"max by ({by}) ({of('dockernet_published_port_info', CONTAINER)})")],
        [
            columns.CONTAINER,
            Column("host_address", "Address", width=115),
            Column("host_port", "Port", width=70),
            Column("container_port", "Inside", width=65),
            Column("protocol", "Protocol", width=85),
            Column("scope", "Open to", width=85),
            columns.HOST,
        ],
        hidden=["Value"],
        empty="No published ports",
    )


def rules() -> timeseries.Panel:
    """Rules that belong to a container."""
    return graph(
        "NAT rules",
        "Rules that belong to the container, by target.",
        "short",
        over_time(total(f"{BY}, target", of("dockernet_container_nat_rules", CONTAINER)), "{{target}} for " + CALLED),
    )


def started() -> AnnotationQuery:
    """A new endpoint: the container was started, restarted or connected."""
    attached = of("dockernet_endpoint_info", ENDPOINT)
    new = (
        f"{attached} unless on (instance, container, network, endpoint_id) {attached} offset 1m"
        f" and on (instance) {of('dockernet_build_info', HOST)} offset 1m"
    )
    return annotation("Starts", "blue", f"count by ({BY}) ({new})", "Started or connected", CALLED, "container")


def address_changed() -> AnnotationQuery:
    """The container came back with another address."""
    changed = total(endpoint.EACH, rate("dockernet_endpoint_address_changes_total", ENDPOINT))
    return annotation(
        "Address changes", "purple", f"{changed} > 0", "Another address", endpoint.ON_NETWORK, "container"
    )
