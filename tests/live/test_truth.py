"""Planted outages and ordinary habits, with real connections as the truth.

`make test` plays the quick cases, `make truth` all; those that the product still answers wrongly are in
tests/truth/known_wrong.json.
"""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.support.live.hosts import available
from tests.support.private_host.engines import BUILT, TESTED
from tests.truth.case import BOTH, LEGACY, NFT, Case
from tests.truth.cases import CASES
from tests.truth.chosen import ON_LEGACY, QUICK
from tests.truth.hosts import Hosts
from tests.truth.known_wrong import known, name_of, reason

Key = tuple[str, str]


def rows() -> Iterator[object]:
    """Each case on each engine and rule layout that it is meant for; cases of one host stand together."""
    for suite in (*BOTH, *(built for built in BUILT if built in TESTED)):
        for layout in (NFT, LEGACY):
            for case in CASES:
                if case.runs_on(suite, layout):
                    yield _row(case, suite, layout)


def _row(case: Case, suite: str, layout: str) -> object:
    marks = [] if case.name in QUICK and layout == NFT else [pytest.mark.truth]
    if why := reason(case.name, suite, layout):
        marks.append(pytest.mark.xfail(reason=why, raises=AssertionError, strict=True))
    return pytest.param((suite, layout), case, id=f"{TESTED[suite]}-{layout}-{case.name}", marks=marks)


@pytest.fixture(scope="module")
def hosts() -> Iterator[dict[Key, Hosts]]:
    """The hosts in use, by engine and rule layout: one at a time."""
    used: dict[Key, Hosts] = {}
    with ExitStack() as stack:
        stack.callback(_close, used)
        yield used


def _close(used: dict[Key, Hosts]) -> None:
    for one in used.values():
        one.close()


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("key", "case"), list(rows()))
def test_the_product_says_what_a_connection_shows(hosts: dict[Key, Hosts], key: Key, case: Case) -> None:
    available(key[0])
    for other in hosts.keys() - {key}:
        hosts.pop(other).close()
    played = hosts.setdefault(key, Hosts(*key)).play(case)
    if played.error:
        raise RuntimeError(played.error)
    assert played.wrong == [], (played.explanation, played.seen)


def test_every_case_has_a_name_of_its_own() -> None:
    names = [case.name for case in CASES]
    assert len(names) == len(set(names))
    assert {name_of(key) for key in known()} | QUICK | ON_LEGACY <= set(names)
