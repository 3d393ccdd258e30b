"""Connections: which container connects to which, what fails and why."""

from grafana_foundation_sdk.builders import stat
from grafana_foundation_sdk.models import dashboard

from grafana.dashboard import assembled
from grafana.grid import Grid
from grafana.panels import figure, verdict
from grafana.parts import pairs
from grafana.promql import CONTAINER, HOST, moved, of, or_zero, rate, total


def build() -> dashboard.Dashboard:
    """The whole dashboard."""
    grid = Grid()
    grid.row("Do connects fail?")
    grid.place(6, 4, *first_row())
    grid.place(12, 9, *pairs.failures())
    grid.row("Who connects to whom?")
    grid.place(24, 18, pairs.nodes_and_edges())
    grid.place(12, 11, pairs.matrix(), pairs.pairs())
    grid.row("How well?")
    grid.place(8, 9, *pairs.quality())
    grid.row("Who looks up names?")
    grid.place(24, 8, pairs.lookups())
    return assembled(
        "connections",
        "Connections",
        "TCP connections between containers, the host and the outside: rates, failures by reason, latency and loss.",
        ("compose_project", "container"),
        grid,
    )


def first_row() -> list[stat.Panel]:
    """The state now, and how much there is."""
    failing = of("dockernet_network_finding", f'{HOST}, kind="connect_failing"')
    return [
        verdict("Failing pairs", "Pairs at least half of whose connects fail.", or_zero(f"count({failing})")),
        figure("Established", "Connections per second.", total("", rate(pairs.ESTABLISHED, CONTAINER)), "cps"),
        figure("Active", "Connections now.", total("", of("dockernet_connections_active", CONTAINER)), "short"),
        verdict(
            "Missed",
            "Upper bound on the changes of state that were not counted in the time range.",
            total("", moved("dockernet_connections_lost_total", HOST)),
        ),
    ]
