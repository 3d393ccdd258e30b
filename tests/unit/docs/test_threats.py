"""The threat model and the list of attacks name tests: each exists."""

import ast
import re

import pytest

from tests.support.rule_files import DOCS, REPOSITORY

ROW = re.compile(r"^\| .+ \| `(?P<file>tests/\S+\.py)::(?P<name>test_\w+)` \|$")
MIN_ROWS = 20


def rows(head: str) -> list[re.Match[str] | None]:
    table = (DOCS / "security.md").read_text().partition(head)[2].partition("\n\n")[0].splitlines()[2:]
    return [ROW.match(line) for line in table]


def names_in(file: str) -> set[str]:
    path = REPOSITORY / file
    if not path.exists():
        return set()
    tree = ast.parse(path.read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize("head", ["| actor | asset |", "| attack | answer |"])
def test_each_row_of_the_threat_model_names_a_test_that_exists(head: str) -> None:
    found = rows(head)
    assert len(found) >= MIN_ROWS
    assert None not in found
    missing = [row[0] for row in found if row and row["name"] not in names_in(row["file"])]
    assert missing == []


def test_a_test_that_does_not_exist_is_missing() -> None:
    assert "test_no_such" not in names_in("tests/unit/docs/test_threats.py")
    assert names_in("tests/unit/docs/test_nothing.py") == set()
