import time
from pathlib import Path

import pytest

from exporter.kernel.nat import reader
from exporter.kernel.nat.reader import NatReader


def test_without_the_privilege_rules_are_read_ahead_at_the_interval_of_counters_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reader, "BESIDE_SECONDS", 0.4)
    monkeypatch.setattr(reader, "RETRY_SECONDS", 0.01)
    attempts = []

    def refused(*, everything: bool) -> None:
        attempts.append(everything)
        raise PermissionError

    rules = NatReader(Path("/proc"))
    monkeypatch.setattr(rules._nft, "read", refused)
    rules.start()
    time.sleep(1.1)
    rules.stop()
    assert 1 <= len(attempts) <= 3
