"""The options of commands that can query a running exporter instead of this host."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from exporter.errors import ConfigError

if TYPE_CHECKING:
    from exporter.cli.api_client import Remote

PASSWORD_VARIABLE = "DOCKERNET_PASSWORD"  # noqa: S105  a name

Command = Callable[..., Any]

OPTIONS = (
    click.option(
        "--url", default="", metavar="URL", help="Running exporter to query instead: http://[NAME@]HOST:9714."
    ),
    click.option(
        "--password-file",
        type=click.Path(path_type=Path),
        help=f"File with the password of NAME.  [default: the environment variable {PASSWORD_VARIABLE}]",
    ),
    click.option(
        "--proxy-from-environment",
        is_flag=True,
        help="Use the proxy of HTTP_PROXY, HTTPS_PROXY and NO_PROXY.  [default: no proxy]",
    ),
)


def remote_options(command: Command) -> Command:
    """Add the options; the command passes them to `remote_of`."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def remote_of(url: str, password_file: Path | None, *, proxy_from_environment: bool) -> "Remote | None":
    """Return the exporter to query, None for this host. Raises UsageError or ConfigError."""
    source = click.get_current_context().get_parameter_source("url")
    if not url:
        if source is ParameterSource.COMMANDLINE:
            raise click.UsageError("--url: empty; leave it out to inspect this host")
        if password_file or proxy_from_environment:
            name = "--password-file" if password_file else "--proxy-from-environment"
            raise click.UsageError(f"{name} has no effect without --url")
        return None
    from exporter.cli.api_client import parse_remote

    in_argv = source is ParameterSource.COMMANDLINE
    password = _read_password(password_file) if password_file else None
    remote = parse_remote(url, password, in_argv=in_argv, use_proxy=proxy_from_environment)
    if password_file and not remote.authorization:
        raise click.UsageError("--password-file has no effect without a NAME in --url: http://NAME@HOST:9714")
    return remote


def _read_password(path: Path) -> str:
    try:
        return path.read_text().rstrip("\r\n")
    except (OSError, ValueError) as error:
        raise ConfigError(f"--password-file: {str(path)!r}: {getattr(error, 'strerror', '') or 'not text'}") from error
