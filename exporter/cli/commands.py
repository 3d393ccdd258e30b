"""The commands that inspect this host once, or query a running exporter, and print."""

import sys
from typing import TYPE_CHECKING, Any

import click

from exporter.cli.connections import CONNECTIONS
from exporter.cli.flags import EVALUATION_FLAGS, HOST_FLAGS, LOG_FLAGS
from exporter.cli.options import HostCommand
from exporter.cli.remote_options import remote_options
from exporter.cli.sources import UNKNOWN, examples, get, observe_once, output, print_engine, remote_for, result_of
from exporter.config import Config

if TYPE_CHECKING:
    from exporter.cli.api_client import Remote
    from exporter.cli.output.check_result import CheckResult

FINDINGS = "/api/v1/findings"
PORTS, TOPOLOGY = "/api/v1/ports", "/api/v1/topology"


@click.command(
    cls=HostCommand,
    flags=EVALUATION_FLAGS,
    remote_flags=LOG_FLAGS,
    epilog=examples("check", "check --output json", "check --url http://NAME@host:9714 --password-file FILE"),
)
@output
@remote_options
@click.pass_obj
def check(config: Config, /, output: str, **remote_flags: Any) -> int:
    """Check networks, ports and NAT once, and print the findings.

    Exit status: 0 no findings, 1 warnings, 2 critical, 3 host not (or only partly) inspectable and no findings.
    """
    from exporter.cli.output import check, table

    remote = remote_for(remote_flags)
    result = _check_remote(remote) if remote else _check_here(config)
    if output == "json":
        click.echo(check.document(result))
    else:
        check.print_report(result, table.console())
    return result.exit_status


@click.command(
    cls=HostCommand,
    flags=HOST_FLAGS,
    remote_flags=LOG_FLAGS,
    epilog=examples("ports", "ports --output json", "ports --url http://host:9714"),
)
@output
@remote_options
@click.pass_obj
def ports(config: Config, /, output: str, **remote_flags: Any) -> int:
    """Print the owner of every listening port of the host.

    Exit status: 0 printed, 3 listening sockets not readable.
    """
    from exporter.cli.output import check, ports, table

    if remote := remote_for(remote_flags):
        lines = get(remote, PORTS, ports.parse_port_lines)
    else:
        taken = observe_once(config)
        lines = ports.port_lines(taken.observation) if taken.observation.sockets else None
        check.print_unseen(result_of(config, taken), table.console(sys.stderr), ports.RELEVANT)
    if output == "json":
        click.echo(ports.document(lines or ()))
    else:
        ports.print_ports(lines or (), table.console())
    return UNKNOWN if lines is None else 0


@click.command(
    cls=HostCommand,
    short_help="Print which container is on which network.",
    flags=HOST_FLAGS,
    remote_flags=LOG_FLAGS,
    epilog=examples("topology", "topology --output dot | dot -Tsvg > host.svg", "topology --url http://host:9714"),
)
@click.option(
    "--output",
    type=click.Choice(["tree", "json", "dot", "mermaid"]),
    default="tree",
    show_default=True,
    help="Output format.",
)
@remote_options
@click.pass_obj
def topology(config: Config, /, output: str, **remote_flags: Any) -> int:
    """Print which container is on which network, with interface and address.

    With --url the graphs have arrows for the TCP connections that the exporter has counted.

    Exit status: 0 printed, 3 no answer of the Docker Engine.
    """
    from exporter.cli.output import graph, table
    from exporter.cli.output import topology as topology_tree
    from exporter.core.views.connection_rows import parse_rows
    from exporter.core.views.host_view import build_view

    if remote := remote_for(remote_flags):
        view = get(remote, TOPOLOGY, topology_tree.parse_view)
    else:
        taken = observe_once(config)
        view = build_view(taken.observation)
        print_engine(taken)
    graphs = {"dot": graph.dot, "mermaid": graph.mermaid}
    if output == "tree":
        topology_tree.print_tree(view, table.console())
    elif output in graphs:
        rows = get(remote, CONNECTIONS, parse_rows) if remote else None
        click.echo(graphs[output](view, rows or ()))
    else:
        click.echo(topology_tree.document(view))
    return 0 if view.connected else UNKNOWN


def _check_here(config: Config) -> "CheckResult":
    return result_of(config, observe_once(config, wait_for_pending=True))


def _check_remote(remote: "Remote") -> "CheckResult":
    from exporter.cli.api_client import poll_until
    from exporter.cli.output.check_result import parse_result
    from exporter.core.views.pending import MAX_HOLD_SECONDS

    topology = get(remote, TOPOLOGY, dict)
    return poll_until(
        lambda: get(remote, FINDINGS, lambda found: parse_result(found, topology)),
        lambda result: not result.pending,
        MAX_HOLD_SECONDS,
    )
