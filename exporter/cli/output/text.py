"""Text on a terminal: what others choose cannot control it."""

import click


def printable(text: str) -> str:
    """Return the text without characters that control a terminal."""
    return "".join(c if c.isprintable() else "?" for c in text)


def print_error(reason: str) -> None:
    """Print why something failed as one line on standard error; the reason may hold an answer of another program."""
    click.echo(f"dockernet-exporter: {printable(reason)}", err=True)
