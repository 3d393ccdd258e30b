"""The command line; every flag is an environment variable too: --log.level is DOCKERNET_LOG_LEVEL."""

import errno
import signal
import sys

import click

from exporter.cli.build_config import build_config
from exporter.cli.commands import check, ports, topology
from exporter.cli.connections import connections
from exporter.cli.explain import explain
from exporter.cli.flags import ALL_FLAGS, LISTEN_FLAGS, LOG_FLAGS
from exporter.cli.history import history
from exporter.cli.options import ExporterGroup, HostCommand, set_up_logging
from exporter.cli.output.text import print_error
from exporter.cli.top import top
from exporter.config import Config
from exporter.errors import ConfigError

UNHEALTHY, CANNOT_WORK, CANNOT_PRINT = 1, 2, 3
UNWRITABLE = {errno.EBADF, errno.EDQUOT, errno.ENOSPC}  # closed, or on a full disk


@click.group(
    cls=ExporterGroup,
    params=[*ALL_FLAGS],
    invoke_without_command=True,
    context_settings={"auto_envvar_prefix": "DOCKERNET", "help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="dockernet-exporter", message="dockernet-exporter %(version)s")
@click.pass_context
def cli(context: click.Context, /, **flags: object) -> None:
    """Export what Docker's networking really does on this host as Prometheus metrics.

    Without a command, serve the metrics at /metrics on port 9714.

    Each flag is an environment variable too: --log.level is DOCKERNET_LOG_LEVEL. A flag that has an effect on a
    command may stand before or behind the command.

    Exit status: 0 stopped by a signal, 2 invalid configuration or failed startup.
    """
    if context.invoked_subcommand is None:
        set_up_logging(context, default_level="info")
        config = build_config(flags)
        from exporter.app import capabilities
        from exporter.app.daemon import run

        capabilities.take_up()
        capabilities.forbid_more()
        run(config)


# A health check is often written with all flags of the exporter that it checks.
@cli.command(cls=HostCommand, flags=(*LISTEN_FLAGS, *LOG_FLAGS), ignore_others=True)
@click.pass_obj
def healthcheck(config: Config) -> int:
    """Check that the exporter on --web.listen-address is healthy.

    Exit status: 0 healthy, 1 unhealthy.
    """
    from exporter.cli.healthcheck import why_unhealthy

    reason = why_unhealthy(config.listen[0], try_tls=config.web_config_file is not None)
    if reason:
        print_error(reason)
    return UNHEALTHY if reason else 0


for command in (check, ports, explain, topology, connections, history, top):
    cli.add_command(command)


def _error_text(error: click.ClickException | ConfigError) -> str:
    """One line; a flag of the exporter that a command does not take is not unknown."""
    if isinstance(error, click.NoSuchOption) and any(
        error.option_name in (*flag.opts, *flag.secondary_opts) for flag in cli.params
    ):
        return f"{error.option_name} has no effect on {error.ctx.info_name if error.ctx else 'this command'}"
    return error.format_message() if isinstance(error, click.ClickException) else str(error)


def main() -> None:
    """Run the command; an invalid configuration is one line on standard error and exit status 2.

    An output that cannot be written is one line and exit status 3: 1 and 2 of `check` are findings.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:  # until all is imported
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        code = cli.main(standalone_mode=False)
    except (click.ClickException, ConfigError) as error:
        sys.stderr.write(f"dockernet-exporter: {_error_text(error)}\n")
        sys.exit(CANNOT_WORK)
    except click.Abort:
        sys.exit(130)
    except SystemExit as end:  # of click, with status 1 when the reader of a pipe has ended
        sys.exit(CANNOT_PRINT if isinstance(end.__context__, BrokenPipeError) else end.code)
    except OSError as error:
        if error.errno not in UNWRITABLE:
            raise
        sys.stderr.write(f"dockernet-exporter: the output cannot be written: {error.strerror}\n")
        sys.exit(CANNOT_PRINT)
    sys.exit(code if isinstance(code, int) else 0)
