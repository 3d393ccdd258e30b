"""When dockerd's options are read: at the start, and after each use."""

from pathlib import Path

import pytest

from exporter.core.nat.engine_options import EngineOptions
from exporter.kernel.nat import options
from exporter.kernel.nat.options import OptionReader


def test_options_are_read_again_only_after_they_were_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    readings = [EngineOptions(iptables=True), EngineOptions(iptables=False), None]
    monkeypatch.setattr(options, "read_engine_options", lambda _: readings.pop(0))
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
    monkeypatch.setattr(options, "read_engine_options", lambda _: EngineOptions(iptables=False))
    reader = OptionReader(tmp_path)
    reader.start()
    try:
        assert reader.latest() == EngineOptions(iptables=False)
    finally:
        reader.stop()
