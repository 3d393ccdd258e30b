"""The topology for Graphviz and for Mermaid; names are escaped, so that none ends a label."""

from collections.abc import Iterator
from typing import NamedTuple

from exporter.cli.output.table import printable
from exporter.core.views.host_view import HostView

CONTAINER, NETWORK, HOST = "container", "network", "host"
SHAPES = {CONTAINER: "box", NETWORK: "ellipse", HOST: "house"}
BRACKETS = {CONTAINER: ('["', '"]'), NETWORK: ('(["', '"])'), HOST: ('{{"', '"}}')}
THE_HOST = "the host"
# Mermaid's entities.
ESCAPES = {"#": "#35;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "|": "#124;"}


class Edge(NamedTuple):
    """A line between two nodes, each a kind and a name."""

    start: tuple[str, str]
    end: tuple[str, str]
    label: str


def dot(view: HostView) -> str:
    """Return the graph in Graphviz' language."""
    ids = _ids(view)
    lines = [f'  {made} [shape={SHAPES[kind]}, label="{_dot(name)}"];' for (kind, name), made in ids.items()]
    lines += [f'  {ids[e.start]} -- {ids[e.end]} [label="{_dot(e.label)}"];' for e in _edges(view)]
    return "\n".join(("graph dockernet {", "  rankdir=LR;", *lines, "}"))


def mermaid(view: HostView) -> str:
    """Return the graph in Mermaid's language."""
    ids = _ids(view)
    lines = [f"  {made}{_mermaid(name).join(BRACKETS[kind])}" for (kind, name), made in ids.items()]
    lines += [
        f'  {ids[e.start]} ---|"{_mermaid(e.label)}"| {ids[e.end]}' if e.label else f"  {ids[e.start]} --- {ids[e.end]}"
        for e in _edges(view)
    ]
    return "\n".join(("flowchart LR", *lines))


def _ids(view: HostView) -> dict[tuple[str, str], str]:
    """Return an identifier for every node, in order, that needs no escape."""
    nodes = [
        *((CONTAINER, container.name) for container in view.containers),
        *((NETWORK, network.name) for network in view.networks),
        (HOST, THE_HOST),
        *(node for edge in _edges(view) for node in (edge.start, edge.end)),
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


def _dot(text: str) -> str:
    return printable(text).replace("\\", "\\\\").replace('"', '\\"')


def _mermaid(text: str) -> str:
    return "".join(ESCAPES.get(c, c) for c in printable(text))
