"""When dockerd's options are read: at the start, and after each use; and when its process is searched for."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from exporter.core.nat.engine_options import EngineOptions
from exporter.kernel.nat import options
from exporter.kernel.nat.options import SEARCH_SECONDS, OptionReader


def test_options_are_read_again_only_after_they_were_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    readings = [EngineOptions(iptables=True), EngineOptions(iptables=False), None]
    monkeypatch.setattr(options, "read_engine_options", lambda *_: readings.pop(0))
    reader = OptionReader(tmp_path)
    steps = reader._reader
    steps.read()
    steps.read()
    assert len(readings) == 2
    assert reader.latest() == EngineOptions(iptables=True)
    assert len(readings) == 2
    steps.read()
    steps.read()
    assert reader.latest() == EngineOptions(iptables=False)
    steps.read()
    assert reader.latest() is None
    assert not readings


def test_options_are_known_once_it_has_started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(options, "read_engine_options", lambda *_: EngineOptions(iptables=False))
    reader = OptionReader(tmp_path)
    reader.start()
    try:
        assert reader.latest() == EngineOptions(iptables=False)
    finally:
        reader.stop()


class Engines:
    """The engines of a host, and what was asked: all processes (None), or these."""

    def __init__(self) -> None:
        self.pids, self.now = [10], 1000.0
        self.asked: list[list[int] | None] = []

    def find(self, _: Path, pids: Iterable[int] | None = None) -> list[int]:
        """Find them as `find_engines` does."""
        self.asked.append(pids if pids is None else list(pids))
        return [pid for pid in self.pids if pids is None or pid in pids]

    def read(self, reader: OptionReader) -> list[list[int] | None]:
        """Return what one reading asked for."""
        self.asked.clear()
        reader.latest()
        reader._reader.read()
        return list(self.asked)


@pytest.fixture
def engines(monkeypatch: pytest.MonkeyPatch) -> Engines:
    """One engine."""
    found = Engines()
    monkeypatch.setattr(options, "find_engines", found.find)
    monkeypatch.setattr(options, "read_engine_options", lambda _, pids: EngineOptions(iptables=len(pids) == 1))
    return found


def test_a_known_engine_is_looked_at_alone(engines: Engines, tmp_path: Path) -> None:
    reader = OptionReader(tmp_path, lambda: engines.now)
    assert [engines.read(reader) for _ in range(2)] == [[None], [[10]]]


def test_one_that_was_started_again_is_searched_for_at_once(engines: Engines, tmp_path: Path) -> None:
    reader = OptionReader(tmp_path, lambda: engines.now)
    engines.read(reader)
    engines.pids = [11]
    assert [engines.read(reader) for _ in range(2)] == [[[10], None], [[11]]]


def test_a_second_one_is_found_after_a_while(engines: Engines, tmp_path: Path) -> None:
    reader = OptionReader(tmp_path, lambda: engines.now)
    engines.read(reader)
    engines.pids = [10, 11]
    engines.now += SEARCH_SECONDS
    assert engines.read(reader) == [None]
    assert reader.latest() == EngineOptions(iptables=False)


def test_while_there_is_none_it_is_searched_for_each_time(engines: Engines, tmp_path: Path) -> None:
    engines.pids = []
    reader = OptionReader(tmp_path, lambda: engines.now)
    assert [engines.read(reader) for _ in range(2)] == [[None], [None]]
