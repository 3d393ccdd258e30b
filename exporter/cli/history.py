"""The command that prints what changed, as a running exporter has recorded it."""

import re
import time
from typing import Any
from urllib.parse import urlencode

import click

from exporter.cli.flags import LOG_FLAGS
from exporter.cli.options import HostCommand
from exporter.cli.remote_options import remote_options
from exporter.cli.sources import LOCAL, examples, get, output, remote_for

LIMIT = "10000"  # the most that an exporter returns
HISTORY = "/api/v1/history"
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
DURATION = re.compile(r"(?P<number>\d{1,9})(?P<unit>[smhd])")


class Duration(click.ParamType[int]):
    """A duration such as 90s, 15m, 1h or 2d; the value is in seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Parse it."""
        if isinstance(value, int):
            return value
        match = DURATION.fullmatch(value)
        if match is None:
            self.fail(f"invalid duration {value!r}: expected a number with s, m, h or d, such as 1h", param, ctx)
        return int(match["number"]) * UNITS[match["unit"]]


@click.command(
    cls=HostCommand,
    flags=LOG_FLAGS,
    remote_flags=LOG_FLAGS,
    epilog=examples("history --since 1h", "history --container web --output json", "history --kind container_died"),
)
@click.option("--since", type=Duration(), metavar="DURATION", help="Only the last DURATION: 90s, 15m, 1h, 2d.")
@click.option(
    "--container",
    default="",
    metavar="NAME|ID",
    help="Only this container; an ID prefix has 4 characters or more.",
)
@click.option("--network", default="", metavar="NAME", help="Only this network.")
@click.option("--kind", default="", metavar="KIND", help="Only this kind of change or finding, such as rules_removed.")
@output
@remote_options
def history(since: int | None, container: str, network: str, kind: str, output: str, **remote_flags: Any) -> int:
    """Print what changed in Docker's networking, the oldest first.

    Only a running exporter has a history: without --url it is that of http://127.0.0.1:9714.

    Exit status: 0 printed, 3 no answer of the exporter.
    """
    from exporter.cli.api_client import Remote
    from exporter.cli.output import history, table
    from exporter.core.history.kinds import kind_error

    if error := kind_error(kind):
        raise click.UsageError(f"--kind: {error}")
    selected = {"last": since, "container": container, "network": network, "kind": kind, "limit": LIMIT}
    query = urlencode({name: value for name, value in selected.items() if value not in ("", None)})
    remote = remote_for({**remote_flags, "url": remote_flags["url"] or LOCAL}) or Remote(LOCAL)
    changes, recorded = get(remote, f"{HISTORY}?{query}", history.parse_document)
    if output == "json":
        click.echo(history.document(changes))
    else:
        history.print_history(changes, table.console(), max(recorded, time.time() - since if since else 0.0))
    return 0
