"""No test imports a test: what they share is in tests/support."""

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[2]
OF_TESTS = ("tests.unit.", "tests.integration.", "tests.live.", "tests.chaos.", "tests.machines.", ".")


def imported(source: str) -> set[str]:
    """The modules that a source file imports; those below `tests` with the names that are taken of them."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            found |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
    return found


def imported_tests(source: str) -> list[str]:
    """What a file imports from the folders of tests."""
    return sorted(name for name in imported(source) if f"{name}.".startswith(OF_TESTS))


def test_no_file_imports_a_test_or_a_conftest() -> None:
    found = {file.relative_to(TESTS).as_posix(): imported_tests(file.read_text()) for file in TESTS.rglob("*.py")}
    assert {file: modules for file, modules in found.items() if modules} == {}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from tests.support.waiting import until", []),
        ("from tests.unit.test_hosts import values", ["tests.unit.test_hosts", "tests.unit.test_hosts.values"]),
        ("import tests.live.conftest", ["tests.live.conftest"]),
        ("from . import conftest", [".", "..conftest"]),
        ("from tests import live", ["tests.live"]),
    ],
)
def test_an_import_of_a_test_is_found(source: str, found: list[str]) -> None:
    assert imported_tests(source) == found
