"""Every code of `explain A B` is a step that a test brings about, and every step has a code that is listed."""

import re
from pathlib import Path

import pytest

from exporter.core.explain.codes import CODES
from exporter.core.explain.reach_codes import REACH_CODES

HERE = Path(__file__)
SOURCES = HERE.parents[4] / "exporter/core/reach"
# Of `--probe`, which this folder does not decide.
OF_PROBES = {code for code in REACH_CODES if code.startswith("probe_")}
WORD = re.compile(r'"([a-z]+_[a-z0-9_]+)"')


def words(folder: Path) -> set[str]:
    texts = [path.read_text() for path in folder.rglob("*.py") if path != HERE]
    return {word for text in texts for word in WORD.findall(text)}


@pytest.mark.parametrize("code", sorted(set(REACH_CODES) - OF_PROBES))
def test_a_code_is_written_and_expected_by_a_test(code: str) -> None:
    assert code in words(SOURCES)
    assert code in words(HERE.parent)


def test_every_code_that_is_not_ok_is_listed() -> None:
    literal = re.compile(r'(?:FAILED|UNKNOWN|BLOCKED), [^\n]*, "([a-z_]+)"[,)]')
    used = {code for path in SOURCES.rglob("*.py") for code in literal.findall(path.read_text())}
    assert used
    assert used - set(CODES) == set()


@pytest.mark.parametrize("code", sorted(REACH_CODES))
def test_cause_and_remedy_are_sentences(code: str) -> None:
    found = REACH_CODES[code]
    assert found.cause.endswith((".", "?"))
    assert found.remedy().endswith((".", "?", "`"))
    assert found.cause[0].isupper() or found.cause.startswith("/")
