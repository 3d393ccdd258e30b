"""Pairs of clients and servers: which connects to which, what fails and why, how fast and how lossy the rest is."""

from grafana_foundation_sdk.builders import nodegraph, prometheus, table, timeseries
from grafana_foundation_sdk.models import dashboard

from grafana import columns
from grafana.nodes import node_graph
from grafana.panels import graph
from grafana.promql import CONTAINER, HOST, joined, rate, relabelled, share, total
from grafana.tables import Column, listing
from grafana.targets import over_time, rows

ESTABLISHED = "dockernet_connections_established_total"
FAILED = "dockernet_connections_failed_total"
BYTES = ("dockernet_connection_receive_bytes_total", "dockernet_connection_transmit_bytes_total")
SETUP = "dockernet_connection_setup_seconds"
CLIENT, SERVER = 'side="client"', 'side="server"'
# Clients that are not chosen, processes of the host among them, of a server that is.
OF_OTHERS = f'{HOST}, container!~"$container", peer=~"$container"'
ENDS, PAIR, TOP = "instance, from, to", "instance, from, to, port", 15
TO_PORT = "{{from}} to {{to}}:{{port}} on {{instance}}"
COLOR = "blue"


def directed(family: str, by: str = PAIR) -> str:
    """A rate by client (`from`) and server (`to`), of the chosen containers on either end."""
    clients = (_rate(family, f"{scope}, {CLIENT}", "from", "to") for scope in (CONTAINER, OF_OTHERS))
    return _summed(by, *clients, _rate(family, f"{CONTAINER}, {SERVER}", "to", "from"))


def connects(family: str, by: str = PAIR) -> str:
    """The same of a family without side: all of its series are clients'."""
    return _summed(by, *(_rate(family, scope, "from", "to") for scope in (CONTAINER, OF_OTHERS)))


def _summed(by: str, *vectors: str) -> str:
    return f"sum by ({by}) ({' or '.join(vectors)})"


def _rate(family: str, scope: str, own: str, other: str) -> str:
    return named(rate(family, scope), own, other)


def named(vector: str, own: str, other: str) -> str:
    """Write both ends: a container by its name, any other by its kind in parentheses."""
    found = relabelled(relabelled(vector, own, "(host)"), own, "$1", "container", "(.+)")
    return relabelled(relabelled(found, other, "($1)", "peer_kind", "(.+)"), other, "$1", "peer", "(.+)")


def nodes_and_edges() -> nodegraph.Panel:
    """The picture."""
    rates = directed(ESTABLISHED, ENDS)
    nodes = " or ".join(_node(rates, end) for end in ("from", "to"))
    edges = _identified(_identified(rates, "source", "from"), "target", "to")
    return node_graph(
        "Connections",
        "Clients and servers; the numbers are connections per second. Names in parentheses are kinds of peers.",
        "cps",
        nodes,
        f"sum by (id, source, target) ({joined(edges, 'id', ' to ', 'source', 'target')})",
    )


def _identified(vector: str, label: str, end: str) -> str:
    return joined(vector, label, "/", "instance", end)


def _node(vector: str, end: str) -> str:
    titled = relabelled(_identified(f"sum by (instance, {end}) ({vector})", "id", end), "title", "$1", end, "(.+)")
    described = relabelled(titled, "subtitle", "$1", "instance", "(.+)")
    return f"sum by (id, title, subtitle, color) ({relabelled(described, 'color', COLOR)})"


def matrix() -> table.Panel:
    """A row for each client, a column for each server."""
    moved = " + ".join(directed(family, "from, to") for family in BYTES)
    cells = {"rowField": "from", "columnField": "to", "valueField": "Value"}
    return (
        listing("Bytes by client and server", "Payload per second in both directions.", [rows(moved)], [])
        .unit("Bps")
        .transformations([dashboard.DataTransformerConfig(id_val="groupingToMatrix", options=cells)])
    )


def pairs() -> table.Panel:
    """Rates of each pair, those that fail first."""
    return listing(
        "Pairs",
        "Connections per second of each client, server and port.",
        [rows(directed(ESTABLISHED), "A"), rows(connects(FAILED), "B")],
        [
            Column("from", "From"),
            Column("to", "To"),
            Column("port", "Port", width=70),
            Column("Value #A", "Established", unit="cps", width=110),
            Column("Value #B", "Failed", unit="cps", width=110),
            columns.HOST,
        ],
        empty="No connections",
        sort=("Failed", True),
    )


def failures() -> list[timeseries.Panel]:
    """Why connects fail, and whose."""
    note = "Per second. abandoned: closed by the application before an answer; no_port: no local port was left."
    by_reason = over_time(connects(FAILED, "instance, reason"), "{{reason}} on {{instance}}")
    largest = f"topk({TOP}, {connects(FAILED, f'{PAIR}, reason')}) > 0"
    return [
        graph("Failed connects by reason", note, "cps", by_reason),
        graph("Failed connects by pair", note, "cps", over_time(largest, f"{TO_PORT}, {{{{reason}}}}")),
    ]


def quality() -> list[timeseries.Panel]:
    """Setup time, round trip, loss."""
    setup = share(connects(f"{SETUP}_sum"), connects(f"{SETUP}_count"))
    again = directed("dockernet_connection_retransmitted_segments_total")
    family = "dockernet_connection_round_trip_seconds"
    found = " or ".join(
        named(f"max_over_time({family}{{{scope}}}[$__rate_interval])", *ends)
        for scope, *ends in (
            (f"{CONTAINER}, {CLIENT}", "from", "to"),
            (f"{OF_OTHERS}, {CLIENT}", "from", "to"),
            (f"{CONTAINER}, {SERVER}", "to", "from"),
        )
    )
    return [
        graph("Setup time", "Mean from the first SYN to established.", "s", _largest(setup)),
        graph(
            "Round trip", "Mean smoothed round trip of active connections.", "s", _largest(f"max by ({PAIR}) ({found})")
        ),
        graph("Retransmissions", "TCP segments per second that the container sent again.", "pps", _largest(again)),
    ]


def lookups() -> timeseries.Panel:
    """Who queries the embedded DNS."""
    queries = total("instance, container", rate("dockernet_container_dns_lookups_total", CONTAINER))
    return graph(
        "Lookups of the embedded DNS",
        "Sockets per second that queried it, of the containers with most; needs CAP_SYS_ADMIN.",
        "ops",
        over_time(f"topk({TOP}, {queries})", "{{container}} on {{instance}}"),
    )


def _largest(vector: str) -> prometheus.Dataquery:
    return over_time(f"topk({TOP}, {vector})", TO_PORT)
