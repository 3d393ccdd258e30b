"""Topology: which container is on which network of which host, and how much goes where."""

from grafana_foundation_sdk.builders import nodegraph, table
from grafana_foundation_sdk.models import dashboard

from grafana import columns
from grafana.dashboard import assembled
from grafana.families import ENDPOINT_RECEIVED, ENDPOINT_SENT
from grafana.grid import Grid
from grafana.nodes import node_graph
from grafana.parts import endpoint
from grafana.promql import CONTAINER, ENDPOINT, NETWORK, joined, of, rate, relabelled, total
from grafana.tables import Column, listing
from grafana.targets import rows

# Bytes per second of each container on each network: an edge.
ATTACHED = total(
    "instance, container, network",
    rate(ENDPOINT_RECEIVED, ENDPOINT),
    rate(ENDPOINT_SENT, ENDPOINT),
)
# Bytes per second between a bridge network and its host, for the networks of those containers: an edge, too.
CROSSING = (
    total(
        "instance, network",
        rate("dockernet_network_external_receive_bytes_total", NETWORK),
        rate("dockernet_network_external_transmit_bytes_total", NETWORK),
    )
    + f" and on (instance, network) {ATTACHED}"
)
COLORS = {"container": "blue", "network": "purple", "host": "orange"}


def build() -> dashboard.Dashboard:
    """The whole dashboard."""
    grid = Grid()
    grid.row("Who is on which network?")
    grid.place(24, 22, nodes_and_edges())
    grid.row("The same as tables")
    grid.place(15, 10, endpoint.endpoints())
    grid.place(9, 10, elsewhere())
    return assembled(
        "topology",
        "Topology",
        "Containers, the networks they are on and the hosts behind them, with what moves between them.",
        ("compose_project", "network", "container"),
        grid,
    )


def nodes() -> str:
    """A row for each container, network and host: id, title, subtitle, colour. No edge lacks a node."""
    return " or ".join(
        (
            _node(f"sum by (instance, container) ({ATTACHED})", "container", "container"),
            _node(f"sum by (instance, network) ({ATTACHED})", "network", "network"),
            _node(f"sum by (instance) ({CROSSING})", "host", "instance"),
        )
    )


def edges() -> str:
    """A row for each container on a network, and for each network that reaches its host."""
    return " or ".join(
        (
            _edge(ATTACHED, ("container", "container"), ("network", "network")),
            _edge(CROSSING, ("network", "network"), ("host", "instance")),
        )
    )


def _identified(vector: str, label: str, kind: str, source: str) -> str:
    """Write a node's id: equal names on two hosts are two nodes, and so are a network and a container of one name."""
    return relabelled(joined(vector, label, "/", "instance", source), label, f"{kind}:$1", label, "(.+)")


def _node(vector: str, kind: str, source: str) -> str:
    titled = relabelled(_identified(vector, "id", kind, source), "title", "$1", source, "(.+)")
    described = relabelled(titled, "subtitle", f"{kind} on $1" if kind != "host" else kind, "instance", "(.+)")
    return f"sum by (id, title, subtitle, color) ({relabelled(described, 'color', COLORS[kind])})"


def _edge(vector: str, source: tuple[str, str], target: tuple[str, str]) -> str:
    ends = _identified(_identified(vector, "source", *source), "target", *target)
    return f"sum by (id, source, target) ({joined(ends, 'id', ' to ', 'source', 'target')})"


def nodes_and_edges() -> nodegraph.Panel:
    """The picture."""
    return node_graph(
        "Topology",
        "Containers (blue), networks (purple) and hosts (orange); the numbers are bytes per second. "
        "Containers on the host's network, on none, or in another's namespace are in the table below.",
        "Bps",
        nodes(),
        edges(),
    )


def elsewhere() -> table.Panel:
    """Who has no node of its own."""
    scope = f'{CONTAINER}, network_mode=~"host|none|container"'
    by = "instance, container, network_mode, network_owner"
    return listing(
        "Without traffic of their own",
        "On the host's network, where traffic cannot be attributed; on none; or in another container's namespace.",
        [rows(f"max by ({by}) ({of('dockernet_container_info', scope)})")],
        [
            columns.CONTAINER,
            Column("network_mode", "Network mode"),
            Column("network_owner", "Shares that of"),
            columns.HOST,
        ],
        hidden=["Value"],
        empty="Every container has traffic of its own",
    )
