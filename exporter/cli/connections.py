"""The command that prints connections, as a running exporter has counted them."""

from typing import Any
from urllib.parse import urlencode

import click

from exporter.cli.flags import LOG_FLAGS
from exporter.cli.options import HostCommand
from exporter.cli.remote_options import remote_options
from exporter.cli.sources import LOCAL, UNKNOWN, examples, get, output, remote_for

CONNECTIONS = "/api/v1/connections"


@click.command(
    cls=HostCommand,
    short_help="Print TCP connections, failing pairs first.",
    flags=LOG_FLAGS,
    remote_flags=LOG_FLAGS,
    epilog=examples("connections", "connections web", "connections --output json --url http://host:9714"),
)
@click.argument("container", metavar="[NAME|ID]", required=False, default="")
@output
@remote_options
def connections(container: str, output: str, **remote_flags: Any) -> int:
    """Print TCP connections by container, peer and port, those that fail first.

    With NAME or ID only those from or to this container; one that shares the namespace of another is counted there.
    Only a running exporter has counted: without --url it is that of
    http://127.0.0.1:9714.

    Exit status: 0 printed, 3 no answer of the exporter, or connections are not counted.
    """
    from exporter.cli.api_client import Remote
    from exporter.cli.output import connections, table
    from exporter.core.views.connection_rows import parse_rows, rows_of

    remote = remote_for({**remote_flags, "url": remote_flags["url"] or LOCAL}) or Remote(LOCAL)
    path = f"{CONNECTIONS}?{urlencode({'container': container})}" if container else CONNECTIONS
    rows, name = get(remote, path, lambda found: (parse_rows(found), str(found.get("container", container))))
    if rows is None:
        click.echo("dockernet-exporter: connections are not counted: see dockernet_collector_degraded", err=True)
        return UNKNOWN
    shown = rows_of(rows, name) if container else rows  # an older exporter returns all
    if output == "json":
        click.echo(connections.document(shown))
    else:
        connections.print_connections(shown, table.console(), name)
    return 0
