"""HTML elements as text. All attributes and texts are escaped here."""

from collections.abc import Iterable
from html import escape

Html = str
VOID = frozenset({"input", "link", "meta", "br"})
MARKS = {"critical": "▲", "warning": "△", "info": "·"}  # colour is not the only sign


def el(tag: str, /, *children: Html, **attributes: str | int | bool | None) -> Html:
    """Write an element around HTML; `class_` and `data_name` are the attributes class and data-name.

    An attribute of None or False is left out, one of True has no value.
    """
    written = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{escape(str(value))}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    return f"<{tag}{written}>" if tag in VOID else f"<{tag}{written}>{''.join(children)}</{tag}>"


def text(value: object) -> Html:
    """Write text."""
    return escape(str(value))


def name(value: str) -> Html:
    """Write a name that others choose, isolated: its writing direction does not affect the text after it."""
    return el("bdi", escape(value))


def joined(parts: Iterable[Html]) -> Html:
    """Join HTML."""
    return "".join(parts)


def shortened(value: str, most: int) -> str:
    """Cut a long name, with an ellipsis."""
    return value if len(value) <= most else f"{value[: most - 1]}…"


def bytes_text(count: int | None) -> str:
    """Write a number of bytes with a unit; a dash if unknown."""
    if count is None:
        return "-"
    amount = float(count)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if amount < 1000 or unit == "TB":  # noqa: PLR2004  SI
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    raise AssertionError
