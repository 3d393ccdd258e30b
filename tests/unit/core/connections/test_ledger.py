"""Sums of connections: exact over restarts and odd readings, never lower than before, bounded."""

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from exporter.core.connections.bounds import MAX_PAIRS, MAX_PEERS, MAX_PORTS
from exporter.core.connections.ledger import MAX_GONE_PAIRS
from exporter.core.connections.pair import Pair
from exporter.core.connections.reading import Counts, Living
from tests.support.builders import inventory, network, run
from tests.support.connection_rows import FORGET, Lab, end, row, shop

WEB_DB = Pair("web", "db", "container", "5432", "client")


def test_what_is_new_is_added() -> None:
    lab = Lab()
    assert lab.read(row(end(), established=2, sent=10))[WEB_DB] == Counts(established=2, sent=10)
    assert lab.read(row(end(), established=3, sent=15))[WEB_DB] == Counts(established=3, sent=15)


def test_a_restart_adds_to_the_same_pair() -> None:
    lab = Lab()
    lab.read(row(end(cookie=7), established=2))
    assert lab.read(row(end(cookie=7), established=2), row(end(cookie=8), established=1))[WEB_DB].established == 3


def test_sums_that_begin_at_zero_again_are_added() -> None:
    lab = Lab()
    lab.read(row(end(), established=5))
    assert lab.read(row(end(), established=6, final=True))[WEB_DB].established == 6
    assert lab.read(row(end(), established=1))[WEB_DB].established == 7


def test_an_end_that_is_missing_once_is_not_counted_twice() -> None:
    """A connection that ends between the two parts of a reading."""
    lab = Lab()
    lab.read(row(end(), sent=100))
    lab.read()
    assert lab.read(row(end(), sent=120))[WEB_DB].sent == 120


def test_bytes_that_are_lower_for_once_do_not_lower_the_sum() -> None:
    lab = Lab()
    lab.read(row(end(), sent=100))
    assert lab.read(row(end(), sent=40))[WEB_DB].sent == 100
    assert lab.read(row(end(), sent=110))[WEB_DB].sent == 110


def test_what_lives_is_that_of_the_last_reading() -> None:
    lab = Lab()
    for living in (Living(3, 1, 500, 2), Living(1)):
        lab.read(row(end(), established=3, living=living))
        assert lab.ledger.report(older_counted=True).pairs[WEB_DB].living == living
    lab.read(row(end(), established=3))
    assert lab.ledger.report(older_counted=True).pairs[WEB_DB].living == Living()


def test_a_pair_was_created_at_the_reading_before() -> None:
    lab = Lab()
    lab.read()
    before = lab.now
    lab.read(row(end(), established=1), seconds=15)
    sums = lab.ledger.report(older_counted=True).pairs[WEB_DB]
    assert (sums.created, sums.changed) == (before, before + 15)


def test_the_times_of_the_last_connects_are_kept() -> None:
    lab = Lab()
    lab.read(row(end(), established=1))
    lab.read(row(end(), established=1, refused=1), seconds=10)
    lab.read(row(end(), established=1, refused=1, sent=9), seconds=10)
    sums = lab.ledger.report(older_counted=True).pairs[WEB_DB]
    assert (sums.last_established, sums.last_failed, sums.changed) == (lab.now - 20, lab.now - 10, lab.now)


def test_an_idle_pair_is_forgotten_and_its_sums_stay_in_the_total() -> None:
    lab = Lab()
    lab.read(row(end(), established=4))
    assert WEB_DB in lab.read(row(end(), established=4), seconds=FORGET - 1)
    assert lab.read(row(end(), established=4), seconds=2) == {}
    assert lab.ledger.report(older_counted=True).totals()["web"].established == 4
    assert lab.read(row(end(), established=5))[WEB_DB].established == 1
    assert lab.ledger.report(older_counted=True).totals()["web"].established == 5


def test_a_pair_with_a_living_connection_is_kept() -> None:
    lab = Lab()
    for _ in range(3):
        assert WEB_DB in lab.read(row(end(), established=1, living=Living(1)), seconds=FORGET)


def test_further_ports_of_a_container_are_counted_together() -> None:
    lab = Lab()
    sums = lab.read(*(row(end(port=port), refused=1) for port in range(1, 1001)))
    assert len(sums) == MAX_PORTS + 1
    assert sums[WEB_DB._replace(port="other")].refused == 1000 - MAX_PORTS
    assert lab.read(row(end(port=1), refused=2))[WEB_DB._replace(port="1")].refused == 2


def test_further_peers_of_a_container_are_counted_together() -> None:
    peers = [run(f"c{number}", network="front", ip=f"172.18.1.{number}") for number in range(250)]
    front = network("front", bridge="br-front", subnet="172.18.0.0/16")
    lab = Lab(inventory(front, run("web", network="front", ip="172.18.0.2"), *peers))
    sums = lab.read(*(row(end(remote=f"172.18.1.{number}", port=80), established=1) for number in range(250)))
    assert len(sums) == MAX_PEERS + 1
    assert sums[Pair("web", "", "other", "80", "client")].established == 250 - MAX_PEERS


def test_pairs_of_many_ports_with_many_peers_are_bounded() -> None:
    peers = [run(f"c{number}", network="front", ip=f"172.18.1.{number}") for number in range(40)]
    front = network("front", bridge="br-front", subnet="172.18.0.0/16")
    lab = Lab(inventory(front, run("web", network="front", ip="172.18.0.2"), *peers))
    ends = [end(remote=f"172.18.1.{number}", port=port) for number in range(40) for port in range(1, 41)]
    sums = lab.read(*(row(found, established=1) for found in ends))
    assert len(sums) == MAX_PAIRS + 1
    assert sum(counts.established for counts in sums.values()) == 1600


def test_bounds_have_room_again_for_what_was_forgotten() -> None:
    lab = Lab()
    lab.read(*(row(end(port=port), refused=1) for port in range(1, 101)))
    lab.read(seconds=FORGET + 1)
    assert list(lab.read(row(end(port=500, cookie=8), refused=1))) == [WEB_DB._replace(port="500")]


def test_pairs_of_removed_containers_are_bounded() -> None:
    lab, found = Lab(), shop()
    for number in range(MAX_GONE_PAIRS + 50):
        job = run(f"job{number}", network="front", ip="172.18.0.9")
        lab.ledger.update_inventory(replace(found, containers={**found.containers, job.id: job}))
        lab.read(row(end(job.id, local="172.18.0.9", cookie=100 + number), established=1, final=True))
    lab.ledger.update_inventory(found)
    assert len(lab.read()) == MAX_GONE_PAIRS


def test_lost_never_decreases() -> None:
    lab = Lab()
    lab.read(lost=5)
    lab.read(lost=3)
    assert lab.ledger.report(older_counted=True).lost == 5


steps = st.lists(
    st.tuples(
        st.integers(0, 3),  # which end
        st.integers(0, 50),  # bytes more
        st.booleans(),  # whether a connection lives
        st.booleans(),  # whether the end is left out of the reading
        st.sampled_from(["web", "rename", "remove", "back"]),
        st.sampled_from([1.0, 30.0, 100.0]),
    ),
    max_size=40,
)


@given(steps)
def test_no_value_goes_down_and_each_byte_is_counted_once(
    changes: list[tuple[int, int, bool, bool, str, float]],
) -> None:
    """Whatever comes, goes, and is renamed while connections move bytes."""
    lab, found = Lab(), shop()
    moved = [0, 0, 0, 0]
    last: dict[Pair, Counts] = {}
    missing = -1
    for which, more, lives, left_out, change, seconds in changes:
        moved[which] += more
        containers = dict(found.containers)
        if change == "rename":
            containers["web-id"] = replace(containers["web-id"], name="shop")
        elif change == "remove":
            del containers["db-id"]
        lab.ledger.update_inventory(replace(found, containers=containers))
        ends = [row(end(port=at, cookie=at + 5), sent=sent, living=Living(int(lives))) for at, sent in enumerate(moved)]
        # An end is missing for an instant only, not in two readings.
        missing = which if left_out and missing != which else -1
        now = lab.read(*(r for at, r in enumerate(ends) if at != missing), seconds=seconds)
        for pair, counts in last.items():
            assert pair in now
            assert all(new >= old for new, old in zip(now[pair], counts, strict=True))
        last = now
    final = lab.read(*(row(end(port=at, cookie=at + 5), sent=sent) for at, sent in enumerate(moved)))
    assert sum(counts.sent for counts in final.values()) == sum(moved)


def test_memory_does_not_grow_with_readings_however_many_are_requested() -> None:
    lab = Lab()
    lab.read(row(end(), established=1), seconds=0.01)
    tracemalloc.start()
    try:
        for _ in range(2000):
            lab.read(row(end(), established=1), seconds=0.01)
        assert tracemalloc.get_traced_memory()[0] < 50_000
    finally:
        tracemalloc.stop()
