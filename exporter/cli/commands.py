"""The commands that look once, or ask a running exporter, and print."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

import click

from exporter.cli.flags import EVALUATION_FLAGS, HOST_FLAGS, LOG_FLAGS
from exporter.cli.options import HostCommand
from exporter.config import Config
from exporter.errors import ConfigError, RemoteError

if TYPE_CHECKING:
    from exporter.cli.output.check_result import Told
    from exporter.cli.snapshot import Look
    from exporter.core.explain.path import Explanation
    from exporter.core.observation import Observation

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


@click.command(
    cls=HostCommand,
    flags=EVALUATION_FLAGS,
    remote_flags=LOG_FLAGS,
    epilog=examples("check", "check --output json", "check --url http://NAME:PASSWORD@host:9714"),
)
@output
@remote
@click.pass_obj
def check(chosen: Config, output: str, url: str) -> int:
    """Look once, and print what is wrong with networks, ports and NAT.

    Exit code: 0 nothing is, 1 warnings, 2 critical, 3 it could not look, or not at everything, and found nothing.
    """
    from exporter.cli.api_client import ask_until
    from exporter.cli.output import check, table
    from exporter.cli.output.check_result import parse_told, told
    from exporter.core.views.pending import MAX_HOLD_SECONDS

    if url:
        topology = _ask(url, TOPOLOGY, dict)
        seen = ask_until(
            lambda: _ask(url, FINDINGS, lambda found: parse_told(found, topology)),
            lambda told: not told.doubtful,
            MAX_HOLD_SECONDS,
        )
    else:
        looked = _look(chosen, doubtful=True)
        seen = told(looked.observation, looked.engine_error)
    if output == "json":
        click.echo(check.document(seen))
    else:
        check.print_report(seen, table.console())
    return seen.exit_code


@click.command(
    cls=HostCommand,
    flags=HOST_FLAGS,
    remote_flags=LOG_FLAGS,
    epilog=examples("ports", "ports --output json", "ports --url http://host:9714"),
)
@output
@remote
@click.pass_obj
def ports(chosen: Config, output: str, url: str) -> int:
    """Print who holds every port of this host.

    Exit code: 3 when listening sockets cannot be read.
    """
    from exporter.cli.output import check, ports, table
    from exporter.cli.output.check_result import told

    if url:
        lines = _ask(url, PORTS, ports.parse_port_lines)
    else:
        seen = _look(chosen, doubtful=False)
        lines = ports.port_lines(seen.observation) if seen.observation.sockets else None
        known = told(seen.observation, seen.engine_error)
        check.print_unseen(known, table.console(sys.stderr), ports.MATTERS)
    if output == "json":
        click.echo(ports.document(lines or ()))
    else:
        ports.print_ports(lines or (), table.console())
    return UNKNOWN if lines is None else 0


@click.command(
    cls=HostCommand,
    flags=EVALUATION_FLAGS,
    remote_flags=LOG_FLAGS,
    epilog=examples("explain 8080", "explain udp/53", "explain web --output json --url http://host:9714"),
)
@click.argument("what", metavar="PORT|CONTAINER")
@output
@remote
@click.pass_obj
def explain(chosen: Config, what: str, output: str, url: str) -> int:
    """Walk the way from a port of the host to the process that serves it, and say where it breaks.

    A port is 8080, tcp/8080 or 8080/udp; of a container all its ports are walked.

    Exit code: 0 the way is whole, 2 it is broken, 3 that cannot be told.
    """
    from exporter.cli.output import check, explain, table

    found, known = _explained_there(url, what) if url else _explained_here(chosen, what)
    if output == "json":
        click.echo(explain.document(found))
    else:
        explain.print_explanation(found, table.console())
    if known:
        check.print_unseen(known, table.console(sys.stderr), explain.MATTERS)
    return explain.exit_code(found)


@click.command(
    cls=HostCommand,
    flags=HOST_FLAGS,
    remote_flags=LOG_FLAGS,
    epilog=examples("topology", "topology --output dot | dot -Tsvg > host.svg", "topology --url http://host:9714"),
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
    from exporter.cli.output import graph, table
    from exporter.cli.output import topology as topology_tree
    from exporter.core.views.host_view import portrait

    if url:
        drawn = _ask(url, TOPOLOGY, topology_tree.parse_portrait)
    else:
        drawn = portrait(_look(chosen, doubtful=False).observation)
    if output == "tree":
        topology_tree.print_tree(drawn, table.console())
    else:
        click.echo({"json": topology_tree.document, "dot": graph.dot, "mermaid": graph.mermaid}[output](drawn))
    return 0 if drawn.connected else UNKNOWN


def _explained_there(url: str, what: str) -> "tuple[Explanation, None]":
    from exporter.cli.api_client import ask_until
    from exporter.cli.output.explain import parse_explanation
    from exporter.cli.snapshot import SWEEP_SECONDS

    path = f"{EXPLAIN}?{urlencode({'what': what})}"
    found = ask_until(lambda: _ask(url, path, parse_explanation), lambda found: found.complete, SWEEP_SECONDS)
    return found, None


def _explained_here(chosen: Config, what: str) -> "tuple[Explanation, Told]":
    from exporter.cli.output.check_result import told
    from exporter.core.explain.explain import explain as explained

    seen = _look(chosen, doubtful=False, enough=lambda host: explained(host, what).complete)
    return explained(seen.observation, what), told(seen.observation, seen.engine_error)


def _look(chosen: Config, *, doubtful: bool, enough: "Callable[[Observation], bool]" = lambda _: True) -> "Look":
    """Observe once; what cannot be asked at all is an error of the machine, and no wrong flag."""
    from exporter.app import capabilities
    from exporter.cli.snapshot import look

    capabilities.take_up()
    try:
        return look(chosen, doubtful=doubtful, enough=enough)
    except ConfigError as error:
        raise _ended(str(error)) from error


def _ask(url: str, path: str, parse: Callable[[Any], T]) -> T:
    from exporter.cli.api_client import ask

    try:
        return ask(url, path, parse)
    except RemoteError as error:
        raise _ended(str(error)) from error


def _ended(why: str) -> SystemExit:
    click.echo(f"dockernet-exporter: {why}", err=True)
    return SystemExit(UNKNOWN)
