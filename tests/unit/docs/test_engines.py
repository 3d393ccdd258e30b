"""docs/engines.md: every cell names a test that is there, and that runs on the engine of its column."""

import ast
import re
from pathlib import Path

import pytest

from tests.support.private_host import podman
from tests.support.private_host.engines import BUILT, DEFAULT, ENGINES

REPOSITORY = Path(__file__).parents[3]
TEXT = (REPOSITORY / "docs/engines.md").read_text()
TESTS = {int(n): test for n, test in re.findall(r"^(\d+)\. `(\S+)`$", TEXT, re.MULTILINE)}
TABLE = TEXT[: TEXT.index("\n## ")]
ROWS = [line.strip("|").split("|") for line in TABLE.splitlines() if line.startswith("| ")]
HEAD, *FEATURES = ROWS
NUMBERS = [
    (int(number), column.strip())
    for row in FEATURES
    for column, cell in zip(HEAD[1:], row[1:], strict=True)
    for number in cell.replace(",", " ").split()
]
PODMAN = {f"Podman {version}" for version in podman.SUITES.values()}
PODMANS, BOTH = "tests/live/test_podman.py", "tests/live/test_podman_and_docker.py"
SUITES = {version: suite for suite, version in {**ENGINES, **BUILT}.items()}


def suites(tree: ast.Module, function: ast.FunctionDef) -> set[str]:
    """The suites whose engines a live test runs on."""
    if any(argument.arg == "new_host" for argument in function.args.args):
        return {DEFAULT}
    module = next((n.value for n in tree.body if isinstance(n, ast.Assign) and _names(n) == ["pytestmark"]), None)
    marks = [*function.decorator_list, *([module] if module else [])]
    told = [ast.unparse(mark) for mark in marks]
    constants = {name: ast.unparse(n.value) for n in tree.body if isinstance(n, ast.Assign) for name in _names(n)}
    told = [constants.get(mark, mark) for mark in told]
    limited = [re.search(r"parametrize\('host', \[(.*?)\]", mark) for mark in told]
    names = [set(re.findall(r"'(\w+)'", found[1])) for found in limited if found]
    return set.intersection({*ENGINES, *BUILT}, *names)


def _names(assignment: ast.Assign) -> list[str]:
    return [target.id for target in assignment.targets if isinstance(target, ast.Name)]


def test_every_cell_has_its_test_and_every_test_a_cell() -> None:
    assert {number for number, _ in NUMBERS} == TESTS.keys()
    assert list(TESTS) == list(range(1, len(TESTS) + 1))


@pytest.mark.parametrize("number", TESTS)
def test_each_test_is_there_and_runs_on_the_engines_of_its_columns(number: int) -> None:
    path, _, name = TESTS[number].partition("::")
    tree = ast.parse((REPOSITORY / path).read_text())
    found = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name]
    assert len(found) == 1, f"no {name} in {path}"
    columns = {column for used, column in NUMBERS if used == number}
    if path == PODMANS:
        assert columns == PODMAN
    elif path == BOTH:
        assert columns == {f"Podman {podman.SUITES['trixie']}"}
    elif path.startswith("tests/live"):
        assert {SUITES[column] for column in columns} <= suites(tree, found[0])
