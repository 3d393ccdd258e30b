"""The metrics that docs/metrics.md documents."""

import re

from tests.support.rule_files import REPOSITORY

ROW = re.compile(
    r"^\| `(?P<name>dockernet_\w+)(?:\{(?P<labels>[\w,]+)\})?` \| (?P<kind>counter|gauge|info|summary) \| .+ \|$",
    re.MULTILINE,
)


def documented() -> dict[str, tuple[str, frozenset[str]]]:
    """Type and label names of each metric, by its name."""
    text = (REPOSITORY / "docs/metrics.md").read_text()
    return {
        row["name"]: (row["kind"], frozenset((row["labels"] or "").split(",")) - {""}) for row in ROW.finditer(text)
    }
