"""click's options and commands for flags with dots, which stand before a command or behind it.

A flag behind a command is a copy of the exporter's own. The environment variable belongs to the exporter's, so it
counts once. Source: click's Parameter, Context.get_parameter_source.
"""

import copy
import errno
import os
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import click
from click.core import ParameterSource

from exporter.cli.build_config import build_config
from exporter.config import Config

OPTIONS = "Options"
HOST_NAME = re.compile(r"\*|[\w.-]+")
BOOLEANS = frozenset({"1", "true", "t", "yes", "y", "0", "false", "f", "no", "n"})


class Flag(click.Option):
    """An option such as --log.level; click derives no name from dots."""

    def __init__(self, flag: str, *, section: str = OPTIONS, **settings: Any) -> None:
        """`section` is the heading below which --help shows it."""
        name = flag.partition("/")[0].removeprefix("--").replace(".", "_").replace("-", "_")
        super().__init__([flag, name], **settings)
        self.key = name
        self.section = section

    def behind_command(self) -> "Flag":
        """Return the copy that a command takes."""
        made = copy.copy(self)
        made.allow_from_autoenv = False
        return made

    def written(self, value: object) -> str:
        """Return the flag as it was written: a switch has two names."""
        return self.secondary_opts[0] if value is False and self.secondary_opts else self.opts[0]


class HostName(click.ParamType[str]):
    """A name of a host without its port, or `*`."""

    name = "host name"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name."""
        if not HOST_NAME.fullmatch(str(value)):
            self.fail(f"{value!r} is not a host name (NAME without a port, or *)", param, ctx)
        return str(value)


class WholeNumber(click.IntRange):
    """An integer in a range; errors have the name."""

    name = "whole number"


class Number(click.FloatRange):
    """A number in a range."""

    name = "number"


class SwitchOrChoice(click.Choice[str]):
    """A choice that was a switch: its environment variable may have a boolean still."""

    def __init__(self, choices: Sequence[str], *, on: str, off: str) -> None:
        """`on` and `off` are the choices that a boolean stands for."""
        super().__init__(choices)
        self._on, self._off = on, off

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the choice."""
        if value not in self.choices and str(value).lower() in BOOLEANS:
            value = self._on if click.BOOL.convert(value, param, ctx) else self._off
        return super().convert(value, param, ctx)


class ExporterGroup(click.Group):
    """The exporter; --help shows its flags by section."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the sections, then the commands."""
        write_sections(self.get_params(ctx), ctx, formatter)
        self.format_commands(ctx, formatter)

    @property
    def flags(self) -> Sequence[Flag]:
        """The exporter's flags."""
        return [param for param in self.params if isinstance(param, Flag)]


class HostCommand(click.Command):
    """A command that takes some of the exporter's flags, also behind it, and refuses those that have no effect."""

    def __init__(
        self,
        *args: Any,
        flags: Iterable[Flag],
        remote_flags: Iterable[Flag] = (),
        ignore_others: bool = False,
        **settings: Any,
    ) -> None:
        """`flags` have an effect, or `remote_flags` where --url is given; `ignore_others` before the command."""
        super().__init__(*args, **settings)
        self._ignore_others = ignore_others
        self._flags = tuple(flag.behind_command() for flag in flags)
        self._remote = frozenset(flag.key for flag in remote_flags)
        self.params += self._flags

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the command's own options, then the exporter's by section."""
        write_sections(self.get_params(ctx), ctx, formatter)

    def invoke(self, ctx: click.Context) -> Any:
        """Build the configuration, and run with it as the context's object. Raises OSError without an output."""
        if sys.stdout is None and not self._ignore_others:  # closed: click would drop what is printed
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        group = ctx.find_root()
        behind = {flag.key: ctx.params.pop(flag.key) for flag in self._flags}
        for flag in self._flags:
            if _is_written(ctx, flag):
                _merge(flag, behind[flag.key], group)
        remote = bool(ctx.params.get("url"))
        effective = self._remote if remote else frozenset(behind)
        self._refuse_others(group, effective, f"{self.name} --url" if remote else f"{self.name}")
        set_up_logging(group, default_level="error")
        # A flag without effect has its default, whatever the environment says.
        defaults = group.command.make_context(None, [], auto_envvar_prefix=None).params
        ctx.obj = Config() if remote else build_config({**defaults, **{key: group.params[key] for key in effective}})
        return super().invoke(ctx)

    def _refuse_others(self, group: click.Context, effective: frozenset[str], where: str) -> None:
        for flag in () if self._ignore_others else _flags_of(group):
            if flag.key not in effective and _is_written(group, flag):
                raise click.UsageError(f"{flag.written(group.params[flag.key])} has no effect on {where}")


def set_up_logging(group: click.Context, default_level: str) -> None:
    """Log as the flags say; `default_level` is for a level that neither a flag nor the environment names."""
    from exporter.app import logging_setup

    chosen = group.get_parameter_source("log_level") is not ParameterSource.DEFAULT
    logging_setup.set_up(group.params["log_level"] if chosen else default_level, group.params["log_format"])


def write_sections(params: Iterable[click.Parameter], ctx: click.Context, formatter: click.HelpFormatter) -> None:
    """Write the options below the headings of their sections; those that have none come first.

    Arguments are in the first line of the help, and its text describes them.
    """
    sections: dict[str, list[tuple[str, str]]] = {OPTIONS: []}
    for param in params:
        if isinstance(param, click.Option) and (record := param.get_help_record(ctx)):
            sections.setdefault(getattr(param, "section", OPTIONS), []).append(record)
    for section, records in sections.items():
        if records:
            with formatter.section(section):
                formatter.write_dl(records)


def _flags_of(group: click.Context) -> Sequence[Flag]:
    return group.command.flags if isinstance(group.command, ExporterGroup) else ()


def _is_written(ctx: click.Context, flag: Flag) -> bool:
    return ctx.get_parameter_source(flag.key) is ParameterSource.COMMANDLINE


def _merge(flag: Flag, value: object, group: click.Context) -> None:
    """Put a flag from behind the command in its place before it. Raises UsageError where it has another value there."""
    before = group.params[flag.key]
    if _is_written(group, flag) and before != value:
        first, second = flag.written(before), flag.written(value)
        if first == second:
            raise click.UsageError(f"{first} is given twice, with different values: {before} and {value}")
        raise click.UsageError(f"{first} and {second} exclude each other")
    group.params[flag.key] = value
    group.set_parameter_source(flag.key, ParameterSource.COMMANDLINE)
