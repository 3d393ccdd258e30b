"""The bounds of the list, and what is selected of it."""

import tracemalloc
from typing import Any

import pytest

from exporter.core.history.change import KINDS, Change
from exporter.core.history.change_log import ChangeLog, Selection, document, select


def change(number: int, kind: str = "container_died", **more: Any) -> Change:
    return Change(kind, f"web{number}", time=float(number), **more)


def test_the_oldest_are_evicted_and_the_counts_go_on() -> None:
    log = ChangeLog(3)
    log.add(change(number) for number in range(10))
    assert [one.subject for one in log.changes()] == ["web7", "web8", "web9"]
    assert log.counts == {**dict.fromkeys(KINDS, 0), "container_died": 10}


def test_nothing_is_kept_with_no_entries_and_all_is_counted() -> None:
    log = ChangeLog(0)
    log.add([change(1)])
    assert (log.changes(), log.counts["container_died"], log.size) == ((), 1, 0)


def test_restored_changes_are_not_counted() -> None:
    log = ChangeLog(3)
    log.restore([change(1)])
    assert (len(log), log.counts["container_died"]) == (1, 0)


def test_large_entries_are_bounded_by_their_bytes() -> None:
    log = ChangeLog(1000, max_bytes=100_000)
    log.add(change(number, detail="x" * 500) for number in range(1000))
    assert 10 < len(log) < 100
    assert log.size <= 100_000


def test_the_stated_size_is_at_least_the_real_one() -> None:
    log = ChangeLog(5000)
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    log.add(
        Change("finding_began", f"s{n}", f"b{n}", f"after {n}", n + 0.5, f"c{n}", f"id{n}", f"n{n}", f"by{n}", f"d{n}",
               f"f{n}", {f"one{n}": f"v{n}", f"two{n}": f"w{n}"}, n + 0.25)
        for n in range(5000)
    )  # fmt: skip
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert after - before <= log.size


CHANGES = [
    change(1, container="web", container_id="aaaa1111"),
    change(3, kind="container_renamed", before="web", after="shop", container="shop", container_id="aaaa1111"),
    change(2, kind="network_created", network="front"),
    change(4, kind="finding_began", finding="bridge_down", network="front"),
]


@pytest.mark.parametrize(
    ("selection", "times"),
    [
        (Selection(), [1, 2, 3, 4]),
        (Selection(since=2.5), [3, 4]),
        (Selection(container="web"), [1, 3]),
        (Selection(container="/web"), [1, 3]),
        (Selection(container="/aaaa"), [1, 3]),
        (Selection(container="shop"), [3]),
        (Selection(container="aaaa"), [1, 3]),
        (Selection(container="aaa"), []),
        (Selection(network="front"), [2, 4]),
        (Selection(kind="network_created"), [2]),
        (Selection(kind="bridge_down"), [4]),
        (Selection(limit=2), [3, 4]),
        (Selection(limit=0), []),
    ],
)
def test_what_is_selected_is_in_the_order_of_time(selection: Selection, times: list[int]) -> None:
    assert [one.time for one in select([CHANGES], selection)] == times


def test_a_document_has_every_field() -> None:
    (row,) = document([change(1)])
    assert row["kind"] == "container_died"
    assert row.keys() == set(Change.__struct_fields__)
