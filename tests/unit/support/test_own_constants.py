"""Tests hand limits and times in as values; they replace no constant of the exporter."""

import ast
from pathlib import Path

TESTS = Path(__file__).parents[2]
NUMBER_OF_A_SYSTEM_CALL = "OPENAT2"  # what an older kernel answers can be had by another number alone


def replaced(source: str) -> list[str]:
    """The names in capitals that `setattr` of a monkeypatch replaces."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "setattr":
            found += [
                arg.value for arg in node.args[:2] if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
            ]
    return [name for name in (path.rpartition(".")[2] for path in found) if name.isupper()]


def test_no_test_replaces_a_constant_of_the_exporter() -> None:
    found = {path.relative_to(TESTS): names for path in TESTS.rglob("*.py") if (names := replaced(path.read_text()))}
    assert found == {
        Path("unit/kernel/firewall/test_engine_options.py"): [NUMBER_OF_A_SYSTEM_CALL],
        Path("unit/kernel/reach/test_files.py"): [NUMBER_OF_A_SYSTEM_CALL],
        Path("unit/support/test_sentences.py"): ["FOLDER"],  # of the tests' own support
    }


def test_a_replaced_constant_is_found() -> None:
    assert replaced("patch.setattr(module, 'WAIT_SECONDS', 0)") == ["WAIT_SECONDS"]
    assert replaced("monkeypatch.setattr('exporter.app.LIMIT', 0)") == ["LIMIT"]
    assert replaced("monkeypatch.setattr(module, 'read', fake)") == []
