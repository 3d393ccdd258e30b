"""A connection table without room."""

from typing import Any

import pytest

from exporter.core.findings.finding import Finding
from exporter.core.model.conntrack import ConntrackStats
from exporter.core.network.context import ConntrackContext
from exporter.core.network.rules.conntrack_full import check
from tests.support.findings import network_finding

LIMIT = 1000


def found(entries: int, *, drop: int = 0, early_drop: int = 0, insert_failed: int = 0) -> list[Finding]:
    """What is found at a reading after one with 5 of each counter; the arguments are what came on top."""
    before = ConntrackStats(entries, LIMIT, 5, 5, 5)
    now = ConntrackStats(entries, LIMIT, 5 + insert_failed, 5 + drop, 5 + early_drop)
    return list(check(ConntrackContext(now, before)))


def test_a_table_above_nine_tenths_is_found(sentence: Any) -> None:
    assert found(900) == []
    assert list(check(ConntrackContext(ConntrackStats(901, LIMIT)))) == [
        network_finding("conntrack_full", "critical", "", "conntrack", sentence)
    ]


def test_entries_thrown_out_to_make_room_are_found_at_any_size(sentence: Any) -> None:
    assert found(10, early_drop=2) == [network_finding("conntrack_full", "critical", "", "conntrack", sentence)]


@pytest.mark.parametrize(("entries", "expected"), [(500, 0), (501, 1)])
def test_drops_are_for_lack_of_room_only_where_room_may_lack(entries: int, expected: int) -> None:
    assert len(found(entries, drop=1)) == expected


def test_a_lost_race_for_an_entry_is_no_lack_of_room() -> None:
    assert found(600, insert_failed=50) == []


def test_old_losses_and_counters_that_began_anew_are_not_now() -> None:
    assert found(600) == []
    assert found(600, drop=-5, early_drop=-5) == []
    assert list(check(ConntrackContext(ConntrackStats(600, LIMIT, 9, 9, 9)))) == []


def test_where_nothing_is_counted_only_the_size_tells() -> None:
    bare = ConntrackStats(600, LIMIT)
    assert list(check(ConntrackContext(bare, bare))) == []


def test_no_table_and_no_limit_are_not_full() -> None:
    assert list(check(ConntrackContext())) == []
    assert list(check(ConntrackContext(ConntrackStats(5, 0)))) == []
