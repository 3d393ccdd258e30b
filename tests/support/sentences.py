"""Sentences for people, accepted in golden files: a test compares facts, and `sentence` stands for a text.

A golden file has the sentences of each case below the case's name, the further lines of a sentence indented:

    core/ports/rules/test_served.py::test_the_loopback_alone_is_told[::1]
    - tcp/8080 leads to tcp/80 of web, which listens on its loopback alone
"""

import fcntl
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

UNIT = Path(__file__).parent.parent / "unit"
FOLDER = Path(__file__).parent.parent / "golden/sentences"
# The golden file of the tests below a folder.
AREAS = {
    "core/network": "network.txt",
    "core/ports": "ports.txt",
    "core/nat": "nat.txt",
    "core/explain": "explain.txt",
    "core/reach": "reach.txt",
    "cli": "cli.txt",
    "cli/output": "check.txt",
    "web/access": "web_config.txt",
    "web/page": "page.txt",
}
ITEM, CONTINUED = "- ", "  "


class Case(NamedTuple):
    """One test and its parameters: the golden file of its area, and its name there."""

    file: str
    name: str


class Sentence:
    """Equal to the texts that are accepted for a case; to every text while they are updated."""

    __hash__ = None  # type: ignore[assignment]  # it is equal to texts that differ

    def __init__(self, accepted: Sequence[str], *, update: bool) -> None:
        self._accepted = accepted
        self._update = update
        self.compared: list[str] = []

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, str):
            return NotImplemented
        if other not in self.compared:
            self.compared.append(other)
        return self._update or other in self._accepted

    def __repr__(self) -> str:
        return f"<a sentence of {list(self._accepted)}>"

    @property
    def unseen(self) -> list[str]:
        """The accepted sentences that nothing was compared with."""
        return [text for text in self._accepted if text not in self.compared]


def case_of(item: pytest.Item) -> Case:
    """The case of a unit test; LookupError if its folder has no golden file."""
    test = item.path.relative_to(UNIT)
    files = [AREAS[folder.as_posix()] for folder in test.parents if folder.as_posix() in AREAS]
    if not files:
        raise LookupError(f"{test}: no folder of it is one of {list(AREAS)}")
    return Case(files[0], _name(item))


def _name(item: pytest.Item) -> str:
    return f"{item.path.relative_to(UNIT).as_posix()}::{item.name}"


def accepted(case: Case) -> tuple[str, ...]:
    """The sentences of a case; none if it has no entry."""
    file = FOLDER / case.file
    return parse(file.read_text(encoding="utf-8")).get(case.name, ()) if file.exists() else ()


def accept(case: Case, sentences: Sequence[str]) -> None:
    """Replace the sentences of a case; without any, remove it. Several processes may do so at once."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / case.file).open("a+", encoding="utf-8") as golden:
        fcntl.flock(golden, fcntl.LOCK_EX)
        golden.seek(0)
        cases = {**parse(golden.read()), case.name: tuple(sentences)}
        golden.truncate(0)
        golden.write(render(cases))


def parse(text: str) -> dict[str, tuple[str, ...]]:
    """The sentences of each case of a golden file."""
    cases: dict[str, list[str]] = {}
    case = ""
    for line in text.splitlines():
        if line.startswith(ITEM):
            cases[case].append(line.removeprefix(ITEM))
        elif line.startswith(CONTINUED):
            cases[case][-1] += "\n" + line.removeprefix(CONTINUED)
        elif line:
            case = line
            cases[case] = []
    return {case: tuple(sentences) for case, sentences in cases.items()}


def render(cases: Mapping[str, Sequence[str]]) -> str:
    """The text of a golden file, the cases by their names; those without a sentence are left out."""
    return "\n".join(_block(case, sentences) for case, sentences in sorted(cases.items()) if sentences)


def _block(case: str, sentences: Sequence[str]) -> str:
    lines = [ITEM + sentence.replace("\n", "\n" + CONTINUED) for sentence in sentences]
    return "\n".join([case, *lines]) + "\n"


def stale(collected: Sequence[pytest.Item]) -> list[Case]:
    """The cases whose test is not among the collected ones, though its file is, or whose file is gone."""
    files = {item.path for item in collected}
    names = {
        item.path.relative_to(UNIT).as_posix() + f"::{item.name}" for item in collected if UNIT in item.path.parents
    }
    found = []
    for golden in sorted(FOLDER.glob("*.txt")):
        for name in parse(golden.read_text(encoding="utf-8")):
            test = UNIT / name.partition("::")[0]
            if name not in names and (test in files or not test.exists()):
                found.append(Case(golden.name, name))
    return found
