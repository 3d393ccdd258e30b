"""The steps of a path on a terminal: a remedy is one line, so that its command can be copied."""

from collections.abc import Sequence

from rich.console import Console

from exporter.cli.output.table import PADDING, cell, table
from exporter.core.explain.path import Step

COLUMNS = ("state", "step", "what")


def print_steps(steps: Sequence[Step], console: Console) -> None:
    """Print state, name and detail of each step in columns; below it the remedy, which the terminal wraps."""
    widths = [max((len(text) for text in texts), default=0) for texts in zip(*map(_first, steps), strict=True)]
    indent = " " * sum(width + PADDING for width in widths)
    for step in steps:
        what = f"{step.detail} [{step.code}]" if step.code else step.detail
        console.print(table(COLUMNS, [(*_first(step), what)], header=False, widths=widths))
        if step.remedy:
            console.print(cell(f"{indent}-> {step.remedy}"), soft_wrap=True)


def _first(step: Step) -> tuple[str, str]:
    return step.state, step.name
