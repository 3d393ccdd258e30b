"""Host: uplinks, bridges, connection tracking, rules, drift."""

from grafana_foundation_sdk.builders import stat, table, timeseries
from grafana_foundation_sdk.models import dashboard

from grafana import columns, links, runbooks
from grafana.dashboard import assembled
from grafana.families import UPLINK_LOSSES, UPLINK_PACKETS
from grafana.grid import Grid
from grafana.looks import BAD, GOOD, NOTED, texts
from grafana.panels import graph, state, verdict
from grafana.parts import connections, devices, findings, rules, verdicts
from grafana.promql import HOST, moved, of, rate, total
from grafana.tables import Column, listing
from grafana.targets import over_time, rows


def build() -> dashboard.Dashboard:
    """The whole dashboard."""
    grid = Grid()
    grid.row("Is something wrong?")
    grid.place(3, 4, *first_row())
    grid.row("NAT drift")
    grid.place(
        16, 7, findings.drifts("NAT drift", "What Docker must have programmed against what the kernel does, now.")
    )
    grid.place(8, 7, findings.over_the_range("NAT drift over time", "dockernet_nat_drifts", ((1, BAD),)))
    grid.row("Uplinks")
    grid.place(10, 8, devices.uplink_traffic())
    grid.place(6, 8, devices.uplink_losses())
    grid.place(8, 8, devices.uplinks())
    grid.row("Bridges")
    grid.place(10, 8, devices.bridge_traffic())
    grid.place(7, 8, devices.bridge_ports(), devices.learned())
    grid.row("Connection tracking")
    grid.place(8, 8, *connections.connection_tracking())
    grid.row("NAT and filter rules")
    grid.place(12, 9, rules.rules(), rules.rule_set_changes())
    grid.place(8, 8, rules.masqueraded(HOST), rules.filtered(HOST), rules.user_rules())
    grid.row("Engine")
    grid.place(24, 5, engine())
    grid.place(24, 7, container_events())
    return assembled(
        "host",
        "Host",
        "Docker's networking on a host: uplinks, bridges, connections, rules and drift.",
        (),
        grid,
    )


def first_row() -> list[stat.Panel]:
    """The verdicts."""
    available = of("dockernet_address_pool_subnets", f'{HOST}, state="available"')
    return [
        state(
            "Engine",
            "Whether the Docker Engines of the chosen hosts answer.",
            f"min({of('dockernet_up', HOST)})",
            texts(_1=("answers", GOOD), _0=("away", BAD)),
            links=[*links.dashboard_of("exporter"), runbooks.link("DockernetEngineDown")],
        ),
        verdicts.nat_drift(),
        verdicts.port_conflicts(),
        verdicts.network_findings(),
        verdicts.connection_table(),
        verdicts.lost("Lost on uplinks", UPLINK_LOSSES, UPLINK_PACKETS, HOST),
        verdict(
            "Subnets left",
            "Subnets that `docker network create` can still choose from by itself; at 0 the next one fails.",
            f"min({available})",
            base=BAD,
            steps=((1, NOTED), (3, GOOD)),
            links=[runbooks.link("DockernetAddressPoolLow")],
        ),
        verdict(
            "Rule set changes",
            "Changes of the rule set in the time range by any program; legacy iptables does not report them.",
            total("", moved("dockernet_nat_ruleset_changes_total", HOST)),
            unit="short",
            steps=(),
        ),
    ]


def engine() -> table.Panel:
    """What the engine is."""
    by = "instance, name, version, api_version, kernel, cgroup_version, firewall_backend, userland_proxy"
    return listing(
        "Engine",
        "The engine of each host, and how it programs the firewall.",
        [rows(f"max by ({by}) ({of('dockernet_engine_info', HOST)})")],
        [
            columns.HOST,
            Column("name", "Name"),
            Column("version", "Docker"),
            Column("api_version", "API"),
            Column("kernel", "Kernel"),
            Column("cgroup_version", "Cgroups"),
            Column("firewall_backend", "Firewall"),
            Column("userland_proxy", "Userland proxy"),
        ],
        hidden=["Value"],
    )


def container_events() -> timeseries.Panel:
    """What happens to containers."""
    scope = f'{HOST}, type="container", action=~"start|die|restart|oom|kill"'
    return graph(
        "Container events",
        "Events per minute: starts, ends, restarts, kills, and memory that ran out.",
        "short",
        over_time(
            f"60 * {total('instance, action', rate('dockernet_engine_events_total', scope))}",
            "{{action}} on {{instance}}",
        ),
    )
