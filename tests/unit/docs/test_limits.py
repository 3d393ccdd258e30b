"""The table of limits against the constants."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from functools import reduce

import pytest

import exporter
from exporter.docker_engine.settings import Limits
from tests.support.rule_files import DOCS

ROW = re.compile(r"^\| .* \| (?P<bound>[\d.,]+)(?: (?P<unit>s|KiB|MiB))? \| `(?P<constant>[\w.]+:[\w.]+)` \| .+ \|$")
UNITS = {None: 1.0, "s": 1.0, "KiB": 1024.0, "MiB": 1024.0**2}
LIMIT = re.compile(r"MAX_[A-Z_]+")
# Numbers of formats, of the page's sentences and of times between two steps: nothing that somebody can exceed.
NO_LIMITS = {
    *("MAX_PORT", "MAX_ERRNO", "MAX_DATAGRAM", "MAX_SECONDS", "MAX_ADDRESSES", "MAX_ROW", "MAX_NAMED"),
    *("MAX_STREAM_SECONDS", "MAX_AGE", "MAX_HOLD_SECONDS", "MAX_INTERVAL_SECONDS", "MAX_SWEEP_DELAY", "MAX_LISTS"),
    *("MAX_DEPTH", "MAX_PAUSE", "MAX_MISSING"),
}


def rows() -> list[tuple[str, float]]:
    """Constant and number of each row."""
    lines = (DOCS / "limits.md").read_text().splitlines()
    matches = [(line, ROW.match(line)) for line in lines if line.startswith("| ") and "`" in line]
    assert [line for line, match in matches if not match] == []
    return [
        (match["constant"], float(match["bound"].replace(",", "")) * UNITS[match["unit"]])
        for _, match in matches
        if match
    ]


def value(constant: str) -> float:
    module, _, path = constant.partition(":")
    return float(reduce(getattr, path.split("."), importlib.import_module(f"exporter.{module}")))


@pytest.mark.parametrize(("constant", "number"), rows(), ids=str)
def test_a_row_says_what_the_code_does(constant: str, number: float) -> None:
    assert value(constant) == number


def constants() -> Iterator[str]:
    """All limits of the code, by the module that defines each."""
    for found in pkgutil.walk_packages(exporter.__path__, "exporter."):
        if found.name.endswith("__main__"):
            continue
        text = (importlib.import_module(found.name).__spec__.loader.get_source(found.name)) or ""  # type: ignore[union-attr]
        for names in re.findall(r"^([A-Z_, =]+)(?:: \w+)? = ", text, re.MULTILINE):
            yield from (f"{found.name[9:]}:{name}" for name in re.findall(r"\w+", names) if LIMIT.fullmatch(name))


def test_every_limit_of_the_code_has_a_row() -> None:
    named = {constant for constant, _ in rows()}
    missing = {one for one in constants() if one.partition(":")[2] not in NO_LIMITS} - named
    assert missing == set()
    assert {f"docker_engine.settings:LIMITS.{name}" for name in Limits.__struct_fields__} <= named
