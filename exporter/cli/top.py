"""The command that shows a running exporter's endpoints, peers, conflicts and findings live."""

import os
import select
import sys
import termios
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from exporter.cli.commands import FINDINGS, TOPOLOGY
from exporter.cli.connections import CONNECTIONS
from exporter.cli.flags import LOG_FLAGS
from exporter.cli.options import HostCommand, Number
from exporter.cli.remote_options import remote_options
from exporter.cli.sources import LOCAL, examples, failed, remote_for
from exporter.errors import RemoteError

if TYPE_CHECKING:
    from exporter.cli.api_client import Remote
    from exporter.cli.live_view.rates import Rates
    from exporter.cli.live_view.screen import Data
    from exporter.cli.live_view.state import State

DEADLINE_SECONDS = 5.0
UNABLE = ("dumb", "unknown")  # terminals on which rich draws nothing


@click.command(
    cls=HostCommand,
    flags=LOG_FLAGS,
    remote_flags=LOG_FLAGS,
    short_help="Show endpoints, peers, conflicts and findings, live.",
    epilog=examples("top", "top --interval 5"),
)
@click.option(
    "--interval",
    type=Number(min=0.5, max=3600),
    default=2.0,
    show_default=True,
    metavar="SECONDS",
    help="Seconds between two queries.",
)
@remote_options
def top(interval: float, **remote_flags: Any) -> int:
    """Show endpoints by rate, peers, port conflicts and findings of a running exporter, live.

    Without --url it is the exporter of http://127.0.0.1:9714.

    Exit status: 0 ended by q, 3 no answer of the exporter.
    """
    from exporter.cli.api_client import Remote
    from exporter.cli.live_view.rates import Rates

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.UsageError("top: standard input and output are not a terminal")
    if os.environ.get("TERM", "").lower() in UNABLE:
        raise click.UsageError(f"top: TERM is {os.environ['TERM']}: expected a terminal that moves the cursor")
    remote = remote_for({**remote_flags, "url": remote_flags["url"] or LOCAL}) or Remote(LOCAL)
    rates = Rates()
    try:
        first = _fetch(remote, rates)
    except RemoteError as error:
        raise failed(str(error)) from error
    _show(first, lambda: _fetch(remote, rates), interval)
    return 0


def _show(data: "Data", fetch: "Callable[[], Data]", interval: float) -> None:
    """Draw until q or Ctrl-C; data are fetched at each interval, and drawn anew at each key."""
    from rich.live import Live

    from exporter.cli.live_view.screen import screen
    from exporter.cli.live_view.state import State
    from exporter.cli.output.table import console

    state: State | None = State()
    out, following = console(), time.monotonic() + min(1.0, interval)  # the first rates soon
    with _unbuffered(), Live(console=out, screen=True, auto_refresh=False) as live:
        while state is not None:
            live.update(screen(state, data, *out.size), refresh=True)
            state = _typed(state, following - time.monotonic())
            if time.monotonic() >= following:
                data = _newer(data, fetch)
                following = time.monotonic() + interval


def _fetch(remote: "Remote", rates: "Rates") -> "Data":
    """Query the exporter. Raises RemoteError."""
    from exporter.cli.api_client import get_json
    from exporter.cli.live_view.screen import Data
    from exporter.cli.output.check_result import parse_result
    from exporter.cli.output.topology import parse_view
    from exporter.core.views.connection_rows import parse_rows

    topology, view = get_json(remote, TOPOLOGY, lambda document: (document, parse_view(document)), DEADLINE_SECONDS)
    found = get_json(remote, FINDINGS, lambda document: parse_result(document, topology), DEADLINE_SECONDS)
    peers = get_json(remote, CONNECTIONS, parse_rows, DEADLINE_SECONDS)
    return Data(view, found.findings, peers, rates.update(view.endpoints, time.monotonic()))


def _newer(data: "Data", fetch: "Callable[[], Data]") -> "Data":
    """Fetch; the last data with the reason where that fails."""
    from msgspec.structs import replace

    try:
        return fetch()
    except RemoteError as error:
        return replace(data, error=str(error))


def _typed(state: "State", seconds: float) -> "State | None":
    """Wait for keys for so long and apply them."""
    from exporter.cli.live_view.state import keys, press

    descriptor = sys.stdin.fileno()
    following: State | None = state
    if select.select([descriptor], [], [], max(0.0, seconds))[0]:
        typed = os.read(descriptor, 256)
        for key in keys(typed.decode(errors="ignore")) if typed else ["q"]:  # the terminal is gone
            following = press(following, key) if following else None
    return following


@contextmanager
def _unbuffered() -> Iterator[None]:
    """Read keys as they are typed, without an echo; Ctrl-C ends the view."""
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    try:
        tty.setcbreak(descriptor)
        yield
    except KeyboardInterrupt:
        pass
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
