"""The two parts of docs/truth.md: each of the two tables writes its own and keeps the other."""

from pathlib import Path

DOCUMENT = Path(__file__).parents[2] / "docs/truth.md"
HEADING = "## From a container to what it connects to"


def parts() -> tuple[str, str]:
    """The text before the heading of `explain A B`, and the text from there on; '' where there is none."""
    before, heading, after = DOCUMENT.read_text().partition(HEADING)
    return before.rstrip() + "\n", heading + after


def write(before: str, reach: str) -> None:
    """Write both parts."""
    DOCUMENT.write_text(f"{before.rstrip()}\n\n{reach}" if reach else before)
