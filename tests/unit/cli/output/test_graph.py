"""Graphs with the connections between containers."""

from exporter.cli.output.graph import dot, mermaid
from exporter.core.connections.pair import ConnectionReport, Pair, PairSums
from exporter.core.connections.reading import Counts
from exporter.core.views.connection_rows import connection_rows
from exporter.core.views.host_view import build_view
from tests.support.builders import observed, shop

VIEW = build_view(observed(shop()))


def lines(*pairs: Pair, **counts: int) -> tuple[list[str], list[str]]:
    """The arrows in both languages."""
    sums = PairSums(Counts(**{"established": 1, **counts}))
    rows = connection_rows(ConnectionReport(dict.fromkeys(pairs, sums)))
    graphviz, flowchart = dot(VIEW, rows).splitlines(), mermaid(VIEW, rows).splitlines()
    return [line for line in graphviz if "dir=forward" in line], [line for line in flowchart if "-.->" in line]


def node(name: str) -> str:
    """The identifier of a container."""
    [found] = [line.split()[0] for line in dot(VIEW).splitlines() if f'label="{name}"' in line]
    return found


def test_an_arrow_leads_from_the_client_to_the_server_with_its_ports() -> None:
    web, db = node("web"), node("db")
    pairs = [Pair("web", "db", "container", port, "client") for port in ("9", "80", "5432", "other")]
    assert lines(*pairs) == (
        [f'  {web} -- {db} [label="9, 80, 5432, ...", dir=forward, style=dashed];'],
        [f'  {web} -.->|"9, 80, 5432, ..."| {db}'],
    )


def test_failed_connects_are_counted_and_red() -> None:
    [graphviz], [flowchart] = lines(Pair("web", "db", "container", "5432", "client"), refused=2, abandoned=1)
    assert 'label="5432; 3 failed"' in graphviz
    assert "color=red" in graphviz
    assert "5432; 3 failed" in flowchart


def test_an_arrow_of_clients_outside_ends_at_the_server() -> None:
    [graphviz], _ = lines(Pair("web", "", "outside", "80", "server"))
    start, _, end, *_ = graphviz.split()
    assert end == node("web")
    rows = connection_rows(ConnectionReport({Pair("web", "", "outside", "80", "server"): PairSums()}))
    assert f'  {start} [shape=hexagon, label="(outside)"];' in dot(VIEW, rows).splitlines()


def test_processes_of_the_host_are_the_host() -> None:
    [graphviz], _ = lines(Pair("", "web", "container", "8080", "client"))
    assert graphviz.split()[2] == node("web")
