"""`explain`: the path to a port or a container, or from a container to a target."""

import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import click

from exporter.cli.flags import EVALUATION_FLAGS, LOG_FLAGS
from exporter.cli.options import HostCommand
from exporter.cli.remote_options import remote_options
from exporter.cli.sources import examples, get, observe_once, output, print_engine, remote_for, result_of
from exporter.config import Config

if TYPE_CHECKING:
    from exporter.cli.api_client import Remote
    from exporter.cli.output.check_result import CheckResult
    from exporter.core.explain.path import Explanation
    from exporter.core.reach.answer import ReachAnswer
    from exporter.core.reach.question import Question
    from exporter.core.reach.surroundings import Surroundings

EXPLAIN = "/api/v1/explain"


@click.command(
    cls=HostCommand,
    short_help="Trace the path to a port, or from a container to a target.",
    flags=EVALUATION_FLAGS,
    remote_flags=LOG_FLAGS,
    epilog=examples(
        "explain 8080",
        "explain web --url http://host:9714",
        "explain web db:5432",
        "explain web 192.0.2.7:53/udp",
        "explain web internet",
        "explain web db --probe",
    ),
)
@click.argument("what", metavar="PORT|CONTAINER")
@click.argument("target", metavar="[TARGET]", required=False)
@click.option("--probe", is_flag=True, help="Also resolve, connect and send one echo from inside the container.")
@output
@remote_options
@click.pass_obj
def explain(config: Config, /, what: str, target: str | None, *, probe: bool, output: str, **remote_flags: Any) -> int:
    """Trace a path: from a port of the host to its process, or from a container to TARGET.

    PORT is 8080, tcp/8080 or 8080/udp. CONTAINER is a name or an ID prefix; all its ports are traced.

    TARGET is a container, a name, an address, `host` or `internet`, with :PORT or :PORT/udp behind it. Rules,
    routes and sockets are read, and nothing is sent, except with --probe: it takes up to 5 seconds, and TARGET sees a
    connection, the container's name server the name.

    Exit status: 0 reachable (a target outside: as far as this host), 2 unreachable or blocked, 3 undetermined or
    ambiguous.
    """
    remote = remote_for(remote_flags)
    if probe and (remote or target in (None, "internet")):
        raise click.UsageError("--probe: needs a TARGET with an address, and no --url: it is sent from this host")
    if target is not None:
        from exporter.cli.output import reach

        answer = _explain_reach(_question(what, target), config, remote, probe=probe)
        reach.print_as(answer, output)
        return reach.exit_status(answer)
    return _explain(config, remote, _checked(what), output)


def _explain(config: Config, remote: "Remote | None", what: str, output: str) -> int:
    """Explain a port or a container."""
    from exporter.cli.output import check, explain, table

    found, around, known = _explain_remote(remote, what) if remote else _explain_here(config, what)
    if output == "json":
        click.echo(explain.document(found, around))
    else:
        explain.print_explanation(found, table.console(), around)
    if known:
        check.print_unseen(known, table.console(sys.stderr), explain.RELEVANT)
    return explain.exit_status(found)


def _explain_remote(remote: "Remote", what: str) -> "tuple[Explanation, Surroundings | None, None]":
    from exporter.cli.api_client import poll_until
    from exporter.cli.output.explain import parse_explanation
    from exporter.cli.snapshot import SWEEP_SECONDS

    path = f"{EXPLAIN}?{urlencode({'what': what})}"
    found, around = poll_until(
        lambda: get(remote, path, parse_explanation), lambda answer: answer[0].complete, SWEEP_SECONDS
    )
    return found, around, None


def _explain_here(config: Config, what: str) -> "tuple[Explanation, Surroundings | None, CheckResult]":
    from exporter.app.device_filters import with_filters
    from exporter.app.disabled_collectors import with_disabled
    from exporter.app.reach import Mounts, describe_surroundings, explain_inside
    from exporter.core.explain.explain import explain as explained

    taken = observe_once(config, until=lambda observation: explained(with_filters(observation), what).complete)
    mounts = Mounts(config.procfs, config.sysfs)
    around = describe_surroundings(taken.observation, what, mounts)
    found = with_disabled(explain_inside(taken.observation, what, mounts), config.collectors)
    return found, around, result_of(config, taken)


def _explain_reach(question: "Question", config: Config, remote: "Remote | None", *, probe: bool) -> "ReachAnswer":
    """Explain the path from a container to a target."""
    from exporter.cli.output.reach import parse_answer

    if remote:
        path = f"{EXPLAIN}?{urlencode({'from': question.source, 'to': question.typed_target})}"
        return get(remote, path, parse_answer)
    from exporter.app.disabled_collectors import with_disabled
    from exporter.app.reach import Mounts, explain_reach

    taken = observe_once(config, once=True)
    print_engine(taken)
    observation = taken.observation
    mounts = Mounts(config.procfs, config.sysfs)
    found = explain_reach(observation, question, mounts, lambda: observe_once(config, once=True).observation)
    found = with_disabled(found, config.collectors)
    if probe:
        from exporter.cli.probe import probed

        found = probed(observation, question, found, config.procfs)
    return found


def _checked(what: str) -> str:
    """Return what is a port or may be a name of Docker's. Raises UsageError."""
    from exporter.core.explain.query import NAME, parse_query

    what = what.removeprefix("/")  # of `docker inspect`
    if parse_query(what) is None and not NAME.fullmatch(what):
        raise click.UsageError(f"{what[:80]!r}: expected 8080, tcp/8080, 8080/udp, or the name or ID of a container")
    return what


def _question(source: str, target: str) -> "Question":
    from exporter.core.reach.question import InvalidTargetError, parse_question

    try:
        return parse_question(source, target)
    except InvalidTargetError as error:
        raise click.UsageError(str(error)) from error
