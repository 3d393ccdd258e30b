"""The command line; every flag is an environment variable too: --log.level is DOCKERNET_LOG_LEVEL."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import click
from click.core import ParameterSource

from exporter import __version__, config
from exporter.app import logging_setup
from exporter.cli.commands import check, explain, ports, topology
from exporter.config import Config
from exporter.docker_engine.connection import DEFAULT_HOST, check_host
from exporter.errors import ConfigError

UNHEALTHY, CANNOT_WORK = 1, 2
ONE_SHOT = ("check", "ports", "explain", "topology")

Command = Callable[..., None]


def option(flag: str, **settings: Any) -> Callable[[Command], Command]:
    """Declare a flag with dots, as Prometheus' own programs have them; click derives no name from those."""
    name = flag.partition("/")[0].removeprefix("--").replace(".", "_").replace("-", "_")
    return click.option(flag, name, **settings)


def collector_flags(command: Command) -> Command:
    """Add --collector.NAME/--no-collector.NAME for each collector."""
    for name in reversed(config.COLLECTORS):
        command = option(
            f"--collector.{name}/--no-collector.{name}",
            default=None,
            help=f"The families of {name}.",
        )(command)
    return command


@click.group(invoke_without_command=True, context_settings={"auto_envvar_prefix": "DOCKERNET"})
@option(
    "--web.listen-address",
    multiple=True,
    default=[config.DEFAULT_LISTEN_ADDRESS],
    show_default=":9714",
    help="Where to listen; may be given several times.",
)
@option("--web.telemetry-path", default="/metrics", show_default=True, help="Path of the metrics.")
@option(
    "--web.config.file",
    type=click.Path(path_type=Path),
    help="TLS, passwords, headers and limits, in the format that all exporters share.",
)
@option("--web.systemd-socket", is_flag=True, help="Listen on the sockets that systemd passes, and on no address.")
@option(
    "--web.max-requests",
    type=click.IntRange(min=0),
    default=40,
    show_default=True,
    help="Most scrapes at once; 0 is no limit.",
)
@option(
    "--web.disable-exporter-metrics", is_flag=True, help="Leave out process_* and python_*: the exporter's own cost."
)
@option("--docker.host", default="", help="Engine to follow.  [default: DOCKER_HOST or the local socket]")
@collector_flags
@option("--collector.disable-defaults", is_flag=True, help="Only the collectors that are named.")
@option("--container.labels", default="", help="Container labels to show in dockernet_container_info, by commas.")
@option("--path.procfs", type=click.Path(path_type=Path), default="/proc", show_default=True, help="The host's /proc.")
@option("--path.sysfs", type=click.Path(path_type=Path), default="/sys", show_default=True, help="The host's /sys.")
@option(
    "--limits.series",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Most series to show; 0 is no limit.",
)
@option("--log.level", type=click.Choice(logging_setup.LEVELS), default="info", show_default=True)
@option("--log.format", type=click.Choice(["console", "json"]), help="[default: console on a terminal, else json]")
@click.version_option(__version__, message="dockernet-exporter %(version)s")
@click.pass_context
def cli(context: click.Context, /, **flags: Any) -> None:
    """Prometheus exporter for what Docker's networking really does on this host.

    Without a command it serves: metrics at /metrics, port 9714.
    """
    style: Literal["console", "json"] | None = flags["log_format"]
    logging_setup.set_up(_log_level(context, flags["log_level"]), style)
    context.obj = build_config(flags)
    if context.invoked_subcommand is None:
        from exporter.app import capabilities
        from exporter.app.daemon import run

        capabilities.take_up()
        run(context.obj)


def _log_level(context: click.Context, chosen: str) -> str:
    """Return the level that was asked for; a command that prints what it sees logs what goes wrong only."""
    quiet = context.invoked_subcommand in ONE_SHOT
    asked = context.get_parameter_source("log_level") is not ParameterSource.DEFAULT
    return chosen if asked or not quiet else "error"


def build_config(flags: dict[str, Any]) -> Config:
    """Check the flags. Raises ConfigError with one line for the operator."""
    host = flags["docker_host"] or os.environ.get("DOCKER_HOST") or DEFAULT_HOST
    check_host(host)
    for name in ("procfs", "sysfs"):
        if not flags[f"path_{name}"].is_dir():
            raise ConfigError(f"--path.{name}: {flags[f'path_{name}']} is no directory")
    return Config(
        listen=tuple(config.parse_listen_address(text) for text in flags["web_listen_address"]),
        telemetry_path=config.parse_telemetry_path(flags["web_telemetry_path"]),
        web_config_file=flags["web_config_file"],
        systemd_socket=flags["web_systemd_socket"],
        max_requests=flags["web_max_requests"],
        own_metrics=not flags["web_disable_exporter_metrics"],
        docker_host=host,
        collectors=config.choose_collectors(
            {name: flags[f"collector_{name.replace('-', '_')}"] for name in config.COLLECTORS},
            disable_defaults=flags["collector_disable_defaults"],
        ),
        container_labels=config.parse_labels(flags["container_labels"]),
        procfs=flags["path_procfs"],
        sysfs=flags["path_sysfs"],
        series_limit=flags["limits_series"],
    )


@cli.command()
@click.pass_obj
def healthcheck(chosen: Config) -> int:
    """Ask the exporter that listens on --web.listen-address whether it lives; exit code 1 when it does not."""
    from exporter.cli.healthcheck import why_unhealthy

    reason = why_unhealthy(chosen.listen[0], try_tls=chosen.web_config_file is not None)
    if reason:
        click.echo(f"dockernet-exporter: {reason}", err=True)
    return UNHEALTHY if reason else 0


for command in (check, ports, explain, topology):
    cli.add_command(command)


def _complaint(error: click.ClickException | ConfigError) -> str:
    """One line; a flag of the exporter behind a command is no unknown one."""
    if isinstance(error, click.NoSuchOption) and any(error.option_name in flag.opts for flag in cli.params):
        command = error.ctx.info_name if error.ctx else ""
        return f"{error.option_name} stands before the command: dockernet-exporter {error.option_name} ... {command}"
    return error.format_message() if isinstance(error, click.ClickException) else str(error)


def main() -> None:
    """Run the command; what cannot work is one line on standard error and exit code 2."""
    try:
        code = cli.main(standalone_mode=False)
    except (click.ClickException, ConfigError) as error:
        sys.stderr.write(f"dockernet-exporter: {_complaint(error)}\n")
        sys.exit(CANNOT_WORK)
    except click.Abort:
        sys.exit(130)
    sys.exit(code if isinstance(code, int) else 0)
