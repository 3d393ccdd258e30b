"""The commands that inspect this host once, or query a running exporter, and print."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

import click

from exporter.cli.flags import EVALUATION_FLAGS, HOST_FLAGS, LOG_FLAGS
from exporter.cli.options import HostCommand
from exporter.cli.remote_options import remote_of, remote_options
from exporter.config import COLLECTORS, Config
from exporter.errors import ConfigError, RemoteError

if TYPE_CHECKING:
    from exporter.cli.api_client import Remote
    from exporter.cli.output.check_result import CheckResult
    from exporter.cli.snapshot import Snapshot
    from exporter.core.explain.path import Explanation
    from exporter.core.observation import Observation

T = TypeVar("T")

UNKNOWN = 3
EXPLAIN, FINDINGS = "/api/v1/explain", "/api/v1/findings"
PORTS, TOPOLOGY = "/api/v1/ports", "/api/v1/topology"
output = click.option(
    "--output", type=click.Choice(["table", "json"]), default="table", show_default=True, help="Output format."
)


def examples(*lines: str) -> str:
    """Write an epilog that click does not wrap."""
    return "\b\nExamples:\n" + "\n".join(f"  dockernet-exporter {line}" for line in lines)


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

    remote = _remote(remote_flags)
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

    if remote := _remote(remote_flags):
        lines = _get(remote, PORTS, ports.parse_port_lines)
    else:
        taken = _snapshot(config)
        lines = ports.port_lines(taken.observation) if taken.observation.sockets else None
        check.print_unseen(_result(config, taken), table.console(sys.stderr), ports.RELEVANT)
    if output == "json":
        click.echo(ports.document(lines or ()))
    else:
        ports.print_ports(lines or (), table.console())
    return UNKNOWN if lines is None else 0


@click.command(
    cls=HostCommand,
    flags=EVALUATION_FLAGS,
    remote_flags=LOG_FLAGS,
    epilog=examples(
        "explain 8080",
        "explain web --url http://host:9714",
        "explain web db:5432",
        "explain web 192.0.2.7:53/udp",
        "explain web internet",
    ),
)
@click.argument("what", metavar="PORT|CONTAINER")
@click.argument("target", metavar="[TARGET]", required=False)
@output
@remote_options
@click.pass_obj
def explain(config: Config, /, what: str, target: str | None, output: str, **remote_flags: Any) -> int:
    """Trace a path: from a port of the host to its process, or from a container to TARGET.

    PORT is 8080, tcp/8080 or 8080/udp. CONTAINER is a name or an ID prefix; all its ports are traced.

    TARGET is a container, a name, an address, `host` or `internet`, with :PORT or :PORT/udp behind it. Nothing is
    sent: rules, routes and sockets are read.

    Exit status: 0 reachable, 2 unreachable or blocked, 3 undetermined.
    """
    from exporter.cli.output import check, explain, table

    remote = _remote(remote_flags)
    if target is not None:
        return _explain_reach(config, remote, what, target, output)
    found, known = _explain_remote(remote, what) if remote else _explain_here(config, what)
    if output == "json":
        click.echo(explain.document(found))
    else:
        explain.print_explanation(found, table.console())
    if known:
        check.print_unseen(known, table.console(sys.stderr), explain.RELEVANT)
    return explain.exit_status(found)


@click.command(
    cls=HostCommand,
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

    Exit status: 0 printed, 3 no answer of the Docker Engine.
    """
    from exporter.cli.output import graph, table
    from exporter.cli.output import topology as topology_tree
    from exporter.core.views.host_view import build_view

    if remote := _remote(remote_flags):
        view = _get(remote, TOPOLOGY, topology_tree.parse_view)
    else:
        view = build_view(_snapshot(config).observation)
    if output == "tree":
        topology_tree.print_tree(view, table.console())
    else:
        click.echo({"json": topology_tree.document, "dot": graph.dot, "mermaid": graph.mermaid}[output](view))
    return 0 if view.connected else UNKNOWN


def _check_here(config: Config) -> "CheckResult":
    return _result(config, _snapshot(config, wait_for_pending=True))


def _check_remote(remote: "Remote") -> "CheckResult":
    from exporter.cli.api_client import poll_until
    from exporter.cli.output.check_result import parse_result
    from exporter.core.views.pending import MAX_HOLD_SECONDS

    topology = _get(remote, TOPOLOGY, dict)
    return poll_until(
        lambda: _get(remote, FINDINGS, lambda found: parse_result(found, topology)),
        lambda result: not result.pending,
        MAX_HOLD_SECONDS,
    )


def _explain_remote(remote: "Remote", what: str) -> "tuple[Explanation, None]":
    from exporter.cli.api_client import poll_until
    from exporter.cli.output.explain import parse_explanation
    from exporter.cli.snapshot import SWEEP_SECONDS

    path = f"{EXPLAIN}?{urlencode({'what': what})}"
    found = poll_until(lambda: _get(remote, path, parse_explanation), lambda found: found.complete, SWEEP_SECONDS)
    return found, None


def _explain_here(config: Config, what: str) -> "tuple[Explanation, CheckResult]":
    from exporter.core.explain.explain import explain as explained

    taken = _snapshot(config, until=lambda observation: explained(observation, what).complete)
    return explained(taken.observation, what), _result(config, taken)


def _explain_reach(config: Config, remote: "Remote | None", source: str, target: str, output: str) -> int:
    """Explain the way from a container to a target."""
    from exporter.cli.output import reach, table
    from exporter.core.reach.question import InvalidTargetError, parse_question

    try:
        question = parse_question(source, target)
    except InvalidTargetError as error:
        raise click.UsageError(str(error)) from error
    if remote:
        found = _get(remote, f"{EXPLAIN}?{urlencode({'from': source, 'to': target})}", reach.parse_answer)
    else:
        from exporter.app.reach import explain_reach

        found = explain_reach(_snapshot(config, once=True).observation, question, config.procfs)
    if output == "json":
        click.echo(reach.document(found))
    else:
        reach.print_answer(found, table.console())
    return reach.exit_status(found)


def _result(config: Config, taken: "Snapshot") -> "CheckResult":
    from exporter.cli.output.check_result import build_result

    disabled = [name for name in COLLECTORS if name in ("nat", "port") and name not in config.collectors]
    return build_result(taken.observation, taken.engine_error, disabled)


def _snapshot(
    config: Config,
    *,
    wait_for_pending: bool = False,
    until: "Callable[[Observation], bool]" = lambda _: True,
    once: bool = False,
) -> "Snapshot":
    """Observe this host once. An unreadable kernel has another exit status than a wrong flag."""
    from exporter.app import capabilities
    from exporter.cli.snapshot import snapshot

    capabilities.take_up()
    try:
        return snapshot(config, wait_for_pending=wait_for_pending, until=until, once=once)
    except ConfigError as error:
        raise _failed(str(error)) from error


def _remote(flags: dict[str, Any]) -> "Remote | None":
    try:
        return remote_of(**flags)
    except RemoteError as error:
        raise _failed(str(error)) from error


def _get(remote: "Remote", path: str, parse: Callable[[Any], T]) -> T:
    from exporter.cli.api_client import get_json

    try:
        return get_json(remote, path, parse)
    except RemoteError as error:
        raise _failed(str(error)) from error


def _failed(why: str) -> SystemExit:
    click.echo(f"dockernet-exporter: {why}", err=True)
    return SystemExit(UNKNOWN)
