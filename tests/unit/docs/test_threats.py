"""The threat model names tests: each exists."""

import ast
import re

from tests.support.rule_files import DOCS, REPOSITORY

ROW = re.compile(r"^\| .+ \| .+ \| .+ \| `(?P<file>tests/\S+\.py)::(?P<name>test_\w+)` \|$")
MIN_ROWS = 20


def rows() -> list[re.Match[str] | None]:
    table = (DOCS / "security.md").read_text().partition("| actor | asset |")[2].splitlines()[2:]
    return [ROW.match(line) for line in table if line.startswith("|")]


def names_in(file: str) -> set[str]:
    path = REPOSITORY / file
    if not path.exists():
        return set()
    tree = ast.parse(path.read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_each_row_of_the_threat_model_names_a_test_that_exists() -> None:
    found = rows()
    assert len(found) >= MIN_ROWS
    assert None not in found
    missing = [row[0] for row in found if row and row["name"] not in names_in(row["file"])]
    assert missing == []


def test_a_test_that_does_not_exist_is_missing() -> None:
    assert "test_no_such" not in names_in("tests/unit/docs/test_threats.py")
    assert names_in("tests/unit/docs/test_nothing.py") == set()
