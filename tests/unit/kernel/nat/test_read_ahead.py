from pathlib import Path

import pytest

from exporter.kernel.nat.reader import COUNTERS_SECONDS, NatReader


def test_without_the_privilege_the_next_attempt_waits_as_long_as_the_next_reading(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(*, everything: bool) -> None:
        raise PermissionError(everything)

    rules = NatReader(Path("/proc"))
    monkeypatch.setattr(rules._nft, "read", refused)
    rules._counters_read_at -= COUNTERS_SECONDS
    assert rules._seconds_left() == 0.0
    with pytest.raises(PermissionError):
        rules._read_ahead()
    left = rules._seconds_left()
    assert left is not None
    assert left > COUNTERS_SECONDS / 2
    rules.stop()
