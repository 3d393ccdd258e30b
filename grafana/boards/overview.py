"""Overview: is something wrong, where, and who; and who moves the bytes."""

from grafana_foundation_sdk.builders import bargauge, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.models import dashboard

from grafana import columns, links
from grafana.dashboard import assembled
from grafana.families import ENDPOINT_LOSSES, ENDPOINT_PACKETS, ENDPOINT_RECEIVED, ENDPOINT_SENT
from grafana.grid import Grid
from grafana.looks import BAD, GOOD, NOTED, texts
from grafana.panels import bars, mirrored, timeline
from grafana.parts import findings, verdicts
from grafana.promql import ENDPOINT, HOST, largest, moved, of, rate, relabelled, total
from grafana.tables import BAR, COLORED_TEXT, Column, listing
from grafana.targets import now, over_time, rows
from grafana.variables import PROJECT


def build() -> dashboard.Dashboard:
    """The whole dashboard."""
    grid = Grid()
    grid.row("Is something wrong?")
    grid.place(3, 4, *first_row())
    grid.row("Where, and who?")
    grid.place(24, 9, findings.everything("Findings", "All that is wrong now, worst first, with the runbook of each."))
    grid.place(15, 6, hosts())
    grid.place(9, 6, since())
    grid.row("Who moves the bytes?")
    grid.place(12, 9, by_host(), by_network())
    grid.place(15, 12, talkers())
    grid.place(9, 12, projects())
    return assembled(
        "overview",
        "Overview",
        "All hosts: faults, their place and start, and the containers with the most traffic.",
        ("compose_project", "network", "container"),
        grid,
    )


def first_row() -> list[stat.Panel]:
    """The verdicts."""
    return [
        verdicts.silent_exporters(),
        verdicts.engines_away(),
        verdicts.port_conflicts(),
        verdicts.nat_drift(),
        verdicts.network_findings(),
        verdicts.blind_spots(),
        verdicts.lost("Packets lost", ENDPOINT_LOSSES, ENDPOINT_PACKETS, ENDPOINT),
        verdicts.connection_table(),
    ]


def since() -> statetimeline.Panel:
    """When it began, by host."""
    return timeline(
        "Findings by host over time",
        "How many findings a host had: when it began and when it ended.",
        over_time(total("instance", findings.EVERY_COUNT), "{{instance}}"),
        steps=((1, NOTED), (3, BAD)),
        links=links.SERIES_HOST,
    )


def hosts() -> table.Panel:
    """A row for each host."""
    engines = f"max by (instance, version, firewall_backend) ({of('dockernet_engine_info', HOST)})"
    traffic = (rate(family, HOST) for family in (ENDPOINT_RECEIVED, ENDPOINT_SENT))
    answers = {
        "engine": engines,
        "up": total("instance", of("dockernet_up", HOST)),
        "findings": total("instance", findings.EVERY_COUNT),
        "blind": f"count by (instance) ({verdicts.BLIND})",
        "containers": f"count by (instance) ({of('dockernet_container_info', HOST)})",
        "bytes": total("instance", *traffic),
        "conntrack": f"max by (instance) ({verdicts.CONNTRACK})",
    }
    shown = [
        columns.HOST,
        Column("version", "Docker", width=90),
        Column("firewall_backend", "Firewall", width=120),
        Column("Value #up", "Engine", width=80, cell=COLORED_TEXT, mappings=texts(_1=("up", GOOD), _0=("down", BAD))),
        Column("Value #findings", "Findings", width=85, cell=COLORED_TEXT, steps=((1, NOTED), (3, BAD))),
        Column("Value #blind", "Blind spots", width=95, cell=COLORED_TEXT, steps=((1, NOTED),)),
        Column("Value #containers", "Containers", width=95),
        Column("Value #bytes", "Traffic", unit="Bps", width=100),
        Column("Value #conntrack", "Connection table", unit="percentunit", cell=BAR),
    ]
    return listing(
        "Hosts",
        "Each host with its engine. Traffic is what its containers receive and send, on all networks.",
        [rows(expr, ref) for ref, expr in answers.items()],
        shown,
        hidden=["Value #engine"],
        sort=("Findings", True),
    )


def by_host() -> timeseries.Panel:
    """Bytes by host."""
    return mirrored(
        "Traffic by host",
        "What the chosen containers of a host receive and send, as the containers see it.",
        "Bps",
        total("instance", rate(ENDPOINT_RECEIVED, ENDPOINT)),
        total("instance", rate(ENDPOINT_SENT, ENDPOINT)),
        "{{instance}}",
        links=links.SERIES_HOST,
    )


def by_network() -> timeseries.Panel:
    """Bytes by network."""
    top = largest(8, "instance, network", ENDPOINT_RECEIVED, ENDPOINT_SENT, scope=ENDPOINT)
    return mirrored(
        "Traffic by network",
        "The eight networks whose chosen containers moved most in the time range.",
        "Bps",
        f"{total('instance, network', rate(ENDPOINT_RECEIVED, ENDPOINT))} and {top}",
        f"{total('instance, network', rate(ENDPOINT_SENT, ENDPOINT))} and {top}",
        "{{network}} on {{instance}}",
        links=links.SERIES_NETWORK,
    )


def talkers() -> table.Panel:
    """Who moved most."""
    by = "instance, container, network"
    top = f"topk(10, {total(by, moved(ENDPOINT_RECEIVED, ENDPOINT), moved(ENDPOINT_SENT, ENDPOINT))})"
    answers = {
        "received": f"{total(by, moved(ENDPOINT_RECEIVED, ENDPOINT))} and {top}",
        "sent": f"{total(by, moved(ENDPOINT_SENT, ENDPOINT))} and {top}",
    }
    shown = [
        columns.CONTAINER,
        columns.NETWORK,
        columns.HOST,
        Column("Value #received", "Received", unit="bytes", cell=BAR),
        Column("Value #sent", "Sent", unit="bytes", cell=BAR),
    ]
    return listing(
        "Top talkers",
        "The ten containers, on one network each, that moved most bytes in the time range.",
        [rows(expr, ref) for ref, expr in answers.items()],
        shown,
        sort=("Sent", True),
    )


def projects() -> bargauge.Panel:
    """Bytes by compose project."""
    traffic = total("instance, container", rate(ENDPOINT_RECEIVED, ENDPOINT), rate(ENDPOINT_SENT, ENDPOINT))
    named = f"max by (instance, container, compose_project) ({of('dockernet_container_info', PROJECT)})"
    by_project = f"sum by (compose_project) ({traffic} * on (instance, container) group_left (compose_project) {named})"
    return bars(
        "Traffic by compose project",
        "What the containers of a project receive and send now; containers of no project are together.",
        "Bps",
        now(
            "sort_desc(" + relabelled(by_project, "compose_project", "no project", "compose_project", "") + ")",
            "{{compose_project}}",
        ),
    )
