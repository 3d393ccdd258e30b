"""The topology for Graphviz and for Mermaid; names are escaped, so that none ends a label.

Connections are arrows from the client to the server, those of which connects failed red in Graphviz.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from exporter.cli.output.text import printable
from exporter.core.connections.pair import CLIENT
from exporter.core.views.connection_rows import ConnectionRow
from exporter.core.views.host_view import HostView

CONTAINER, NETWORK, HOST, PEER = "container", "network", "host", "peer"
SHAPES = {CONTAINER: "box", NETWORK: "ellipse", HOST: "house", PEER: "hexagon"}
BRACKETS = {CONTAINER: ('["', '"]'), NETWORK: ('(["', '"])'), HOST: ('{{"', '"}}'), PEER: ('(("', '"))')}
THE_HOST = "the host"
MAX_PORTS = 3
# Mermaid's entities. It finds directives (`%%{init: ...}%%`) within labels too, and a backtick makes a label Markdown.
ESCAPES = {
    "#": "#35;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "|": "#124;", "&": "#amp;", "%": "#37;", "`": "#96;",
}  # fmt: skip


class Edge(NamedTuple):
    """A line between two nodes, each a kind and a name."""

    start: tuple[str, str]
    end: tuple[str, str]
    label: str
    failed: bool = False


def dot(view: HostView, connections: Iterable[ConnectionRow] = ()) -> str:
    """Return the graph in Graphviz' language."""
    arrows = _arrows(connections)
    ids = _ids(view, arrows)
    lines = [f'  {made} [shape={SHAPES[kind]}, label="{_dot(name)}"];' for (kind, name), made in ids.items()]
    lines += [f'  {ids[e.start]} -- {ids[e.end]} [label="{_dot(e.label)}"];' for e in _edges(view)]
    lines += [f"  {ids[e.start]} -- {ids[e.end]} [{_dot_arrow(e)}];" for e in arrows]
    return "\n".join(("graph dockernet {", "  rankdir=LR;", *lines, "}"))


def mermaid(view: HostView, connections: Iterable[ConnectionRow] = ()) -> str:
    """Return the graph in Mermaid's language."""
    arrows = _arrows(connections)
    ids = _ids(view, arrows)
    lines = [f"  {made}{_mermaid(name).join(BRACKETS[kind])}" for (kind, name), made in ids.items()]
    lines += [
        f'  {ids[e.start]} ---|"{_mermaid(e.label)}"| {ids[e.end]}' if e.label else f"  {ids[e.start]} --- {ids[e.end]}"
        for e in _edges(view)
    ]
    lines += [f'  {ids[e.start]} -.->|"{_mermaid(e.label)}"| {ids[e.end]}' for e in arrows]
    return "\n".join(("flowchart LR", *lines))


def _ids(view: HostView, arrows: Iterable[Edge]) -> dict[tuple[str, str], str]:
    """Return an identifier for every node, in order, that needs no escape."""
    nodes = [
        *((CONTAINER, container.name) for container in view.containers),
        *((NETWORK, network.name) for network in view.networks),
        (HOST, THE_HOST),
        *(node for edge in (*_edges(view), *arrows) for node in (edge.start, edge.end)),
    ]
    return {node: f"n{number}" for number, node in enumerate(dict.fromkeys(nodes))}


def _edges(view: HostView) -> Iterator[Edge]:
    for endpoint in view.endpoints:
        label = f"{endpoint.interface} {endpoint.ip_address or endpoint.ip6_address}".strip()
        yield Edge((CONTAINER, endpoint.container), (NETWORK, endpoint.network), label)
    for container in view.containers:
        if container.owner:
            yield Edge((CONTAINER, container.name), (CONTAINER, container.owner), "shares its namespace")
        elif container.mode == HOST:
            yield Edge((CONTAINER, container.name), (HOST, THE_HOST), "host mode")
    for network in view.networks:
        if network.external:
            yield Edge((NETWORK, network.name), (HOST, THE_HOST), network.bridge)


def _arrows(connections: Iterable[ConnectionRow]) -> list[Edge]:
    """Return one arrow from each client to each server, with the ports and the number of failed connects."""
    ports: dict[tuple[tuple[str, str], tuple[str, str]], set[str]] = {}
    failed: Counter[tuple[tuple[str, str], tuple[str, str]]] = Counter()
    for row in connections:
        container = (CONTAINER, row.container) if row.container else (HOST, THE_HOST)
        ends = (container, _peer(row)) if row.side == CLIENT else (_peer(row), container)
        ports.setdefault(ends, set()).add(row.port)
        failed[ends] += sum(row.failed.values())
    return [
        Edge(*ends, f"{_port_list(found)}{f'; {failed[ends]} failed' if failed[ends] else ''}", failed[ends] > 0)
        for ends, found in sorted(ports.items())
    ]


def _peer(row: ConnectionRow) -> tuple[str, str]:
    if row.peer_kind == HOST:
        return HOST, THE_HOST
    return (CONTAINER, row.peer) if row.peer_kind == CONTAINER else (PEER, row.peer or f"({row.peer_kind})")


def _port_list(ports: Iterable[str]) -> str:
    ranked = sorted(ports, key=lambda port: (len(port), port))
    return ", ".join((*ranked[:MAX_PORTS], *(["..."] if len(ranked) > MAX_PORTS else [])))


def _dot_arrow(edge: Edge) -> str:
    colour = ", color=red" if edge.failed else ""
    return f'label="{_dot(edge.label)}", dir=forward, style=dashed{colour}'


def _dot(text: str) -> str:
    return printable(text).replace("\\", "\\\\").replace('"', '\\"')


def _mermaid(text: str) -> str:
    return "".join(ESCAPES.get(c, c) for c in printable(text))
