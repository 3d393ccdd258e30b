"""Tables of iptables-legacy in a network namespace of the test's own."""

from collections import Counter
from pathlib import Path

import pytest

from exporter.core.nat.reading import IPTABLES_LEGACY, Counted
from exporter.errors import SourceError
from exporter.kernel.firewall.iptables_legacy import tables as legacy_tables
from exporter.kernel.firewall.iptables_legacy.reader import LegacyReader
from exporter.kernel.firewall.iptables_legacy.tables import table_names
from exporter.kernel.nat.reader import NatReader
from tests.support.kernel.captured_nat_hosts import run
from tests.support.kernel.captured_rules import CAPTURES
from tests.support.kernel.rule_text import said
from tests.support.saved_rules import parse

PROC = Path("/proc")


@pytest.fixture
def written_rules(namespace: None) -> None:
    """iptables.v4 and iptables.v6 in a namespace of the test's own."""
    assert namespace is None
    run("iptables-legacy-restore", "-c", str(CAPTURES / "iptables.v4"))
    run("ip6tables-legacy-restore", "-c", str(CAPTURES / "iptables.v6"))


@pytest.mark.usefixtures("namespace")
def test_asking_which_tables_there_are_makes_none() -> None:
    reader = LegacyReader(PROC)
    assert reader.read() == (None, Counted(), [])
    assert table_names(PROC, "ip") == table_names(PROC, "ip6") == []


@pytest.mark.usefixtures("written_rules")
def test_a_real_table_is_read_as_it_is_told() -> None:
    ruleset, counted, packets = LegacyReader(PROC).read()
    assert ruleset is not None
    for family in ("ip", "ip6"):
        saved = parse(run(f"{family}tables-legacy-save", "-c"), family)
        found = [
            (said(rule), count) for rule, count in zip(counted.rules, packets, strict=True) if rule.family == family
        ]
        assert Counter(found) == Counter(zip(map(said, saved.rules), saved.packets, strict=True))


@pytest.mark.usefixtures("written_rules")
def test_rules_that_did_not_change_are_the_same_objects() -> None:
    reader = LegacyReader(PROC)
    ruleset, counted, _ = reader.read()
    run("iptables-legacy", "-t", "nat", "-Z")
    again, still_counted, packets = reader.read()
    assert again is ruleset
    assert still_counted is counted
    assert sum(packets) < 40
    run("iptables-legacy", "-t", "nat", "-A", "DOCKER", "-j", "RETURN")
    changed, counted_now, _ = reader.read()
    assert changed != ruleset
    assert len(counted_now.rules) == len(counted.rules) + 1


@pytest.mark.usefixtures("written_rules")
def test_tables_that_cannot_be_read_any_more_are_not_taken_for_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    """They would all look flushed."""
    reader = NatReader(PROC)
    try:
        before = reader.read(())
        assert before.backend == IPTABLES_LEGACY
        with monkeypatch.context() as patch:
            patch.setattr(legacy_tables, "_read_answers", _busy)
            for _ in range(2):
                with pytest.raises(SourceError, match="legacy tables could not be read"):
                    reader.read(())
        after = reader.read(())
        assert after.legacy is before.legacy
        assert after.counted is before.counted
    finally:
        reader.stop()


@pytest.mark.usefixtures("namespace")
def test_tables_that_nobody_has_seen_are_asked_for_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = NatReader(PROC)
    try:
        with monkeypatch.context() as patch:
            patch.setattr(legacy_tables, "_read_answers", _busy)
            run("iptables-legacy", "-t", "nat", "-A", "PREROUTING", "-j", "RETURN")
            assert reader.read(()).legacy is None
        assert reader.read(()).legacy is None
        monkeypatch.setattr("exporter.kernel.nat.reader.time.monotonic", lambda: 1e9)
        assert reader.read(()).legacy is not None
    finally:
        reader.stop()


def _busy(*_: str) -> tuple[bytes, bytes]:
    raise BlockingIOError(11, "Resource temporarily unavailable")
