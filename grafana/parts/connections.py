"""Connections: the host's table, and what comes to published ports."""

from grafana_foundation_sdk.builders import timeseries

from grafana import links
from grafana.panels import graph
from grafana.promql import CONTAINER, HOST, of, rate, total
from grafana.targets import over_time

PUBLISHED = "instance, container, protocol, host_port"
TO_PORT = "{{host_port}}/{{protocol}} to {{container}}, {{instance}}"


def connection_tracking() -> list[timeseries.Panel]:
    """The table's level, its losses, and who fills it."""
    return [
        graph(
            "Tracked connections",
            "Connections in the host's table against its limit.",
            "short",
            over_time(of("dockernet_conntrack_entries", HOST), "{{instance}}", "entries"),
            over_time(of("dockernet_conntrack_entries_limit", HOST), "{{instance}} limit", "limit"),
        ),
        graph(
            "Connections lost",
            "Connections per second that were not tracked: race, table full, or evicted.",
            "cps",
            over_time(
                total("instance, reason", rate("dockernet_conntrack_drops_total", HOST)), "{{reason}} on {{instance}}"
            ),
        ),
        graph(
            "Connections by container",
            "The ten containers with most tracked connections over the time range.",
            "short",
            over_time(
                f"{total('instance, container', of('dockernet_container_conntrack_entries', HOST))}"
                " and topk(10, sum by (instance, container)"
                f" (avg_over_time({of('dockernet_container_conntrack_entries', HOST)}[$__range] @ end())))",
                "{{container}} on {{instance}}",
            ),
            links=links.SERIES_CONTAINER,
        ),
    ]


def connections() -> timeseries.Panel:
    """Connections by published port."""
    return graph(
        "New connections by published port",
        "Connections per second that matched the port's DNAT rule; a fall to 0 during a NAT drift is an outage.",
        "cps",
        over_time(
            total(PUBLISHED, rate("dockernet_published_port_connections_total", CONTAINER)),
            TO_PORT,
        ),
        links=links.SERIES_CONTAINER,
    )


def active() -> timeseries.Panel:
    """Open connections by published port."""
    return graph(
        "Open connections by published port",
        "Tracked connections now.",
        "short",
        over_time(
            total(PUBLISHED, of("dockernet_published_port_connections_active", CONTAINER)),
            TO_PORT,
        ),
        links=links.SERIES_CONTAINER,
    )
