"""The topology for Graphviz and for Mermaid; names of others never end a label."""

from collections.abc import Iterator
from typing import NamedTuple

from exporter.cli.output.table import printable
from exporter.core.views.host_view import Portrait

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


def dot(drawn: Portrait) -> str:
    """Return it for Graphviz."""
    ids = _ids(drawn)
    lines = [f'  {made} [shape={SHAPES[kind]}, label="{_dot(name)}"];' for (kind, name), made in ids.items()]
    lines += [f'  {ids[e.start]} -- {ids[e.end]} [label="{_dot(e.label)}"];' for e in _edges(drawn)]
    return "\n".join(("graph dockernet {", "  rankdir=LR;", *lines, "}"))


def mermaid(drawn: Portrait) -> str:
    """Return it for Mermaid."""
    ids = _ids(drawn)
    lines = [f"  {made}{_mermaid(name).join(BRACKETS[kind])}" for (kind, name), made in ids.items()]
    lines += [
        f'  {ids[e.start]} ---|"{_mermaid(e.label)}"| {ids[e.end]}' if e.label else f"  {ids[e.start]} --- {ids[e.end]}"
        for e in _edges(drawn)
    ]
    return "\n".join(("flowchart LR", *lines))


def _ids(drawn: Portrait) -> dict[tuple[str, str], str]:
    """Name every node that is drawn, in order, by a word that needs no escape."""
    nodes = [
        *((CONTAINER, container.name) for container in drawn.containers),
        *((NETWORK, network.name) for network in drawn.networks),
        (HOST, THE_HOST),
        *(node for edge in _edges(drawn) for node in (edge.start, edge.end)),
    ]
    return {node: f"n{number}" for number, node in enumerate(dict.fromkeys(nodes))}


def _edges(drawn: Portrait) -> Iterator[Edge]:
    for endpoint in drawn.endpoints:
        label = f"{endpoint.interface} {endpoint.ip_address or endpoint.ip6_address}".strip()
        yield Edge((CONTAINER, endpoint.container), (NETWORK, endpoint.network), label)
    for container in drawn.containers:
        if container.owner:
            yield Edge((CONTAINER, container.name), (CONTAINER, container.owner), "shares its namespace")
        elif container.mode == HOST:
            yield Edge((CONTAINER, container.name), (HOST, THE_HOST), "host mode")
    for network in drawn.networks:
        if network.external:
            yield Edge((NETWORK, network.name), (HOST, THE_HOST), network.bridge)


def _dot(text: str) -> str:
    return printable(text).replace("\\", "\\\\").replace('"', '\\"')


def _mermaid(text: str) -> str:
    return "".join(ESCAPES.get(c, c) for c in printable(text))
