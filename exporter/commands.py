"""The commands that look once, or ask a running exporter, and print."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

import click

from exporter.config import Config
from exporter.errors import ConfigError, RemoteError

if TYPE_CHECKING:
    from exporter.core.observation import Observation
    from exporter.core.path import Explanation
    from exporter.one_shot import Look
    from exporter.terminal.told import Told

T = TypeVar("T")

UNKNOWN = 3
EXPLAIN, FINDINGS = "/api/v1/explain", "/api/v1/findings"
PORTS, TOPOLOGY = "/api/v1/ports", "/api/v1/topology"
output = click.option(
    "--output", type=click.Choice(["table", "json"]), default="table", show_default=True, help="What to print."
)
remote = click.option(
    "--url", default="", metavar="URL", help="Ask the exporter that runs there, such as http://HOST:9714."
)


def examples(*lines: str) -> str:
    """Write an epilog that click leaves as it is."""
    return "\b\nExamples:\n" + "\n".join(f"  dockernet-exporter {line}" for line in lines)


@click.command(epilog=examples("check", "check --output json", "check --url http://NAME:PASSWORD@host:9714"))
@output
@remote
@click.pass_obj
def check(chosen: Config, output: str, url: str) -> int:
    """Look once, and print what is wrong with networks, ports and NAT.

    Exit code: 0 nothing is, 1 warnings, 2 critical, 3 it could not look, or not at everything, and found nothing.
    """
    from exporter.core.doubt import STAND_SECONDS
    from exporter.remote import ask_until
    from exporter.terminal import paint, report
    from exporter.terminal.told import parse_told, told

    if url:
        topology = _ask(url, TOPOLOGY, dict)
        seen = ask_until(
            lambda: _ask(url, FINDINGS, lambda found: parse_told(found, topology)),
            lambda told: not told.doubtful,
            STAND_SECONDS,
        )
    else:
        looked = _look(chosen, doubtful=True)
        seen = told(looked.observation, looked.engine_error)
    if output == "json":
        click.echo(report.document(seen))
    else:
        report.print_report(seen, paint.console())
    return seen.exit_code


@click.command(epilog=examples("ports", "ports --output json", "ports --url http://host:9714"))
@output
@remote
@click.pass_obj
def ports(chosen: Config, output: str, url: str) -> int:
    """Print who holds every port of this host.

    Exit code: 3 when listening sockets cannot be read.
    """
    from exporter.terminal import paint, port_list, report
    from exporter.terminal.told import told

    if url:
        lines = _ask(url, PORTS, port_list.parse_port_lines)
    else:
        seen = _look(chosen, doubtful=False)
        lines = port_list.port_lines(seen.observation) if seen.observation.sockets else None
        known = told(seen.observation, seen.engine_error)
        report.print_unseen(known, paint.console(sys.stderr), port_list.MATTERS)
    if output == "json":
        click.echo(port_list.document(lines or ()))
    else:
        port_list.print_ports(lines or (), paint.console())
    return UNKNOWN if lines is None else 0


@click.command(epilog=examples("explain 8080", "explain udp/53", "explain web --output json --url http://host:9714"))
@click.argument("what", metavar="PORT|CONTAINER")
@output
@remote
@click.pass_obj
def explain(chosen: Config, what: str, output: str, url: str) -> int:
    """Walk the way from a port of the host to the process that serves it, and say where it breaks.

    A port is 8080, tcp/8080 or 8080/udp; of a container all its ports are walked.

    Exit code: 0 the way is whole, 2 it is broken, 3 that cannot be told.
    """
    from exporter.terminal import explanation, paint, report

    found, known = _explained_there(url, what) if url else _explained_here(chosen, what)
    if output == "json":
        click.echo(explanation.document(found))
    else:
        explanation.print_explanation(found, paint.console())
    if known:
        report.print_unseen(known, paint.console(sys.stderr), explanation.MATTERS)
    return explanation.exit_code(found)


@click.command(
    epilog=examples("topology", "topology --output dot | dot -Tsvg > host.svg", "topology --url http://host:9714")
)
@click.option(
    "--output", type=click.Choice(["tree", "json", "dot", "mermaid"]), default="tree", show_default=True, help="How."
)
@remote
@click.pass_obj
def topology(chosen: Config, output: str, url: str) -> int:
    """Print which container is on which network, by which interface and address.

    Exit code: 3 when the Docker Engine does not answer.
    """
    from exporter.core.portrait import portrait
    from exporter.terminal import graph, paint, topology_tree

    if url:
        drawn = _ask(url, TOPOLOGY, topology_tree.parse_portrait)
    else:
        drawn = portrait(_look(chosen, doubtful=False).observation)
    if output == "tree":
        topology_tree.print_tree(drawn, paint.console())
    else:
        click.echo({"json": topology_tree.document, "dot": graph.dot, "mermaid": graph.mermaid}[output](drawn))
    return 0 if drawn.connected else UNKNOWN


def _explained_there(url: str, what: str) -> "tuple[Explanation, None]":
    from exporter.one_shot import SWEEP_SECONDS
    from exporter.remote import ask_until
    from exporter.terminal.explanation import parse_explanation

    path = f"{EXPLAIN}?{urlencode({'what': what})}"
    found = ask_until(lambda: _ask(url, path, parse_explanation), lambda found: found.complete, SWEEP_SECONDS)
    return found, None


def _explained_here(chosen: Config, what: str) -> "tuple[Explanation, Told]":
    from exporter.core.explain import explain as explained
    from exporter.terminal.told import told

    seen = _look(chosen, doubtful=False, enough=lambda host: explained(host, what).complete)
    return explained(seen.observation, what), told(seen.observation, seen.engine_error)


def _look(chosen: Config, *, doubtful: bool, enough: "Callable[[Observation], bool]" = lambda _: True) -> "Look":
    """Observe once; what cannot be asked at all is an error of the machine, and no wrong flag."""
    from exporter import capabilities
    from exporter.one_shot import look

    capabilities.take_up()
    try:
        return look(chosen, doubtful=doubtful, enough=enough)
    except ConfigError as error:
        raise _ended(str(error)) from error


def _ask(url: str, path: str, parse: Callable[[Any], T]) -> T:
    from exporter.remote import ask

    try:
        return ask(url, path, parse)
    except RemoteError as error:
        raise _ended(str(error)) from error


def _ended(why: str) -> SystemExit:
    click.echo(f"dockernet-exporter: {why}", err=True)
    return SystemExit(UNKNOWN)
