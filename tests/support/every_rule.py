"""Walks without shortcuts: every rule of a chain is looked at, and no walk is taken from an earlier one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from exporter.core.nat.packet import Inside, Packet
from exporter.core.nat.ruleset import Rule
from exporter.core.nat.walk.walks import Walks


class EveryRule:
    """Stands in for the index of a chain."""

    def __init__(self, rules: tuple[Rule, ...], _: Inside, prepare: Callable[[int, Rule], Any]) -> None:
        self._rules = [prepare(number, rule) for number, rule in enumerate(rules)]

    def candidates(self, _: Packet) -> list[Any]:
        """All of them."""
        return self._rules


@contextmanager
def every_rule() -> Iterator[None]:
    """Look at each rule for each packet."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("exporter.core.nat.walk.walker.ChainIndex", EveryRule)
        patch.setattr(Walks, "find", lambda *_: None)
        yield
