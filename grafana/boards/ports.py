"""Ports: their holders, conflicts, published ports that do not work, and since when."""

from grafana_foundation_sdk.builders import bargauge, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.models import dashboard

from grafana import columns, links
from grafana.dashboard import assembled
from grafana.grid import Grid
from grafana.looks import NOTED, severities
from grafana.panels import bars, figure, graph, timeline, verdict
from grafana.parts import connections, findings
from grafana.promql import CONTAINER, HOST, by_severity, moved, of, or_zero, rate, total
from grafana.tables import Column, listing
from grafana.targets import now, over_time, rows

DEAD = "published_unheld|publish_ineffective|unserved|loopback_only|wrong_protocol"
LATENT = "latent|latent_pair|ephemeral_overlap"
OPEN = ', scope="all"'


def build() -> dashboard.Dashboard:
    """The whole dashboard."""
    grid = Grid()
    grid.row("Is something wrong?")
    grid.place(3, 4, *first_row())
    grid.place(
        24,
        6,
        findings.conflicts(
            "Conflicts", "The container or process that should have a port, and its holder, worst first."
        ),
    )
    grid.place(24, 7, conflicts_over_time())
    grid.row("Who holds what?")
    grid.place(12, 11, listeners(), published())
    grid.row("Who uses it?")
    grid.place(9, 9, connections.connections(), connections.active())
    grid.place(6, 9, exposure())
    grid.row("What it costs")
    grid.place(8, 9, *costs())
    return assembled(
        "ports",
        "Ports",
        "Ports of the hosts: their holders, conflicts, and published ports that do not work.",
        ("compose_project", "container"),
        grid,
    )


def first_row() -> list[stat.Panel]:
    """The verdicts."""

    def count(scope: str) -> str:
        return or_zero(f"count({of('dockernet_port_conflict', f'{HOST}, {scope}')} == 1)")

    hurt = f'severity="critical", confidence!="suspected", kind!~"{DEAD}|{LATENT}"'
    return [
        verdict(
            "Down or misdirected",
            "Confirmed or probable: a container is down, or another program serves its port.",
            count(hurt),
        ),
        verdict(
            "Published and dead",
            "Published ports behind which nothing answers: not held, not served, or on loopback alone.",
            count(f'kind=~"{DEAD}"'),
            steps=((1, NOTED),),
        ),
        verdict(
            "Will not start again",
            "Ports that a stopped container would not get at its next start.",
            count(f'kind=~"{LATENT}"'),
            steps=((1, NOTED),),
        ),
        verdict(
            "Suspected",
            "Weak evidence: severity info, does not page.",
            count('confidence="suspected"'),
            steps=((1, "blue"),),
        ),
        verdict(
            "Binds refused",
            "Binds that failed in the time range because the address was in use; needs BPF.",
            total("", moved("dockernet_port_bind_failures_total", CONTAINER)),
            unit="short",
            steps=((1, NOTED),),
        ),
        verdict(
            "Open to all",
            "Published on all addresses of a host: reachable from outside, as Docker's rules bypass its firewall.",
            or_zero(f"count({of('dockernet_published_port_info', CONTAINER + OPEN)})"),
            unit="short",
            steps=((1, "blue"),),
        ),
        figure(
            "Published ports",
            "Ports that Docker reports as published.",
            f"count({of('dockernet_published_port_info', CONTAINER)})",
            "short",
        ),
        figure(
            "New connections",
            "Connections per second to published ports.",
            total("", rate("dockernet_published_port_connections_total", CONTAINER)),
            "cps",
        ),
    ]


def conflicts_over_time() -> statetimeline.Panel:
    """When it began, for each conflict."""
    by = "instance, wanted_by, port, protocol, kind"
    return timeline(
        "Conflicts over time",
        "Each conflict in the time range, by severity; a gap is a time without it.",
        over_time(
            f"max by ({by}) ({by_severity('dockernet_port_conflict', HOST)})",
            "{{port}}/{{protocol}} for {{wanted_by}} on {{instance}}: {{kind}}",
        ),
        mappings=severities(),
    )


def listeners() -> table.Panel:
    """All listening sockets of the hosts."""
    by = "instance, port, protocol, address, owner, owner_kind, scope"
    return listing(
        "Listening on the host",
        "Every listening socket of the host's network namespace, and its owner.",
        [rows(f"max by ({by}) ({of('dockernet_host_listener_info', HOST)})")],
        [
            Column("port", "Port", width=75),
            Column("protocol", "Protocol", width=85),
            Column("address", "Address"),
            Column("owner", "Held by"),
            Column("owner_kind", "Is a", width=110),
            Column("scope", "Open to", width=90),
            columns.HOST,
        ],
        hidden=["Value"],
        sort=("Port", False),
    )


def published() -> table.Panel:
    """What is published, and how busy it is."""
    by = f"{connections.PUBLISHED}, host_address, container_port, scope"
    answers = {
        "info": f"max by ({by}) ({of('dockernet_published_port_info', CONTAINER)})",
        "rate": total(connections.PUBLISHED, rate("dockernet_published_port_connections_total", CONTAINER)),
    }
    return listing(
        "Published by containers",
        "Ports that Docker reports as published, with new connections per second.",
        [rows(expr, ref) for ref, expr in answers.items()],
        [
            Column("host_port", "Port", width=75),
            Column("protocol", "Protocol", width=85),
            Column("host_address", "Address", width=115),
            columns.CONTAINER,
            Column("container_port", "Inside", width=70),
            Column("scope", "Open to", width=85),
            Column("Value #rate", "New", unit="cps", width=90),
            columns.HOST,
        ],
        hidden=["Value #info"],
        sort=("Port", False),
        empty="No published ports",
    )


def exposure() -> bargauge.Panel:
    """How far published ports are open."""
    return bars(
        "Published ports by reach",
        "`loopback` is the host alone, `private` and `public` one address, `all` every address of the host.",
        "short",
        now(f"sort_desc(count by (scope) ({of('dockernet_published_port_info', CONTAINER)}))", "{{scope}}"),
    )


def costs() -> list[timeseries.Panel]:
    """docker-proxy, and binds that failed."""
    by = "instance, container"
    called = "{{container}} on {{instance}}"
    return [
        graph(
            "Memory of docker-proxy",
            "Resident memory of the userland proxies, by the container they serve.",
            "bytes",
            over_time(total(by, of("dockernet_docker_proxy_resident_memory_bytes", CONTAINER)), called),
            links=links.SERIES_CONTAINER,
        ),
        graph(
            "Processes of docker-proxy",
            "One for each published port and address; a range of ports is as many processes.",
            "short",
            over_time(total(by, of("dockernet_docker_proxy_processes", CONTAINER)), called),
            links=links.SERIES_CONTAINER,
        ),
        graph(
            "Binds refused",
            "Binds per minute that failed because the address was in use; needs BPF.",
            "short",
            over_time(
                f"60 * {total(f'{by}, protocol, port', rate('dockernet_port_bind_failures_total', CONTAINER))}",
                "{{port}}/{{protocol}} by " + called,
            ),
            links=links.SERIES_CONTAINER,
        ),
    ]
