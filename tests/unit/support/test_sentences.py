"""Sentences in golden files: a changed one, a missing one and one too many are failures."""

from pathlib import Path
from typing import Any

import pytest

from tests.support import sentences
from tests.support.sentences import Case, Sentence, accept, accepted, parse, render, stale

CASES = {"a::test_one": ("one", "two\n\nlines"), "a::test_two[- x]": ("three: [x]",)}
CASE = Case("ports.txt", "a::test_one")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Golden files of their own."""
    monkeypatch.setattr(sentences, "FOLDER", tmp_path)
    return tmp_path


def test_a_golden_file_is_read_as_it_was_written() -> None:
    assert parse(render(CASES)) == CASES
    assert render({"a::test_one": ()}) == ""


def test_a_sentence_is_equal_to_accepted_texts_alone() -> None:
    standing: Any = Sentence(("one",), update=False)
    assert ("kind", standing) == ("kind", "one")
    assert standing != "two"
    assert standing != 1


def test_an_accepted_sentence_that_nothing_was_compared_with_is_unseen() -> None:
    standing = Sentence(("one", "two"), update=False)
    assert standing == "one"
    assert standing.unseen == ["two"]


def test_an_update_accepts_each_text_once_in_the_order_of_the_test() -> None:
    standing = Sentence((), update=True)
    assert [text for text in ("two", "one", "two") if standing != text] == []
    assert standing.compared == ["two", "one"]


def test_an_update_of_a_case_leaves_the_others(folder: Path) -> None:
    (folder / CASE.file).write_text(render(CASES))
    accept(CASE, ["new"])
    assert accepted(CASE) == ("new",)
    accept(CASE, [])
    assert parse((folder / CASE.file).read_text()) == {"a::test_two[- x]": ("three: [x]",)}


def test_a_case_of_a_test_that_is_gone_is_stale(folder: Path, request: pytest.FixtureRequest) -> None:
    here = "support/test_sentences.py::test_a_case_of_a_test_that_is_gone_is_stale"
    (folder / CASE.file).write_text(render({here: ("x",), f"{here}[gone]": ("x",), "gone/test_x.py::test": ("x",)}))
    assert [case.name for case in stale([request.node])] == ["gone/test_x.py::test", f"{here}[gone]"]


def test_every_case_has_its_test(request: pytest.FixtureRequest) -> None:
    """Of the files that this run collected whole; --update-golden removes the others' cases."""
    config = request.config
    if config.option.keyword or any("::" in argument for argument in config.args):
        pytest.skip("only some tests of a file were chosen")
    found = stale(request.session.items)
    if config.getoption("--update-golden"):
        for case in found:
            accept(case, [])
        found = []
    assert found == []
