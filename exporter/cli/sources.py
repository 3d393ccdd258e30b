"""Where a command takes its answer from: this host, observed once, or a running exporter."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from exporter.cli.output.text import print_error
from exporter.cli.remote_options import remote_of
from exporter.config import COLLECTORS, Config
from exporter.errors import ConfigError, RemoteError

if TYPE_CHECKING:
    from exporter.cli.api_client import Remote
    from exporter.cli.output.check_result import CheckResult
    from exporter.cli.snapshot import Snapshot
    from exporter.core.observation import Observation

T = TypeVar("T")

UNKNOWN = 3
LOCAL = "http://127.0.0.1:9714"  # where a command that needs a running exporter queries one
output = click.option(
    "--output", type=click.Choice(["table", "json"]), default="table", show_default=True, help="Output format."
)


def examples(*lines: str) -> str:
    """Write an epilog that click does not wrap."""
    return "\b\nExamples:\n" + "\n".join(f"  dockernet-exporter {line}" for line in lines)


def result_of(config: Config, taken: "Snapshot") -> "CheckResult":
    """Return what `check` says of a snapshot."""
    from exporter.cli.output.check_result import build_result

    disabled = [name for name in COLLECTORS if name in ("nat", "port") and name not in config.collectors]
    return build_result(taken.observation, taken.engine_error, disabled, taken.unread)


def print_engine(taken: "Snapshot") -> None:
    """Print on standard error that the engine does not answer, or was not read whole, with the containers."""
    from exporter.core.findings.rule import Input
    from exporter.core.views.blind_spots import SENTENCES, unseen

    if taken.engine_error:
        print_error(f"{SENTENCES[Input.ENGINE]}: {taken.engine_error}")
    elif taken.unread:
        print_error(": ".join(filter(None, (taken.unread, unseen(taken.observation).get("inspects")))))


def observe_once(
    config: Config,
    *,
    wait_for_pending: bool = False,
    until: "Callable[[Observation], bool]" = lambda _: True,
    once: bool = False,
) -> "Snapshot":
    """Observe this host once. An unreadable kernel has another exit status than a wrong flag."""
    from exporter.app import capabilities
    from exporter.cli.progress import progress
    from exporter.cli.snapshot import snapshot

    capabilities.take_up()
    capabilities.forbid_more()
    try:
        with progress() as report:
            return snapshot(config, wait_for_pending=wait_for_pending, until=until, once=once, report=report)
    except ConfigError as error:
        raise failed(str(error)) from error


def remote_for(flags: dict[str, Any]) -> "Remote | None":
    """Return the exporter of --url, None without that flag. Raises UsageError or ConfigError."""
    return remote_of(**flags)


def get(remote: "Remote", path: str, parse: Callable[[Any], T]) -> T:
    """GET a document of an exporter and parse it. Ends the command where that fails."""
    from exporter.cli.api_client import get_json

    try:
        return get_json(remote, path, parse)
    except RemoteError as error:
        raise failed(str(error)) from error


def failed(why: str) -> SystemExit:
    """Print why there is no answer, and return what ends the command."""
    print_error(why)
    return SystemExit(UNKNOWN)
