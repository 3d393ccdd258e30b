"""The fast path and the walker read the same, whatever a kernel's records look like."""

import contextlib
import errno
import itertools
from collections.abc import Callable

import pytest
from pyroute2.netlink import NLM_F_DUMP_INTR

from exporter.core.model.kernel_sample import StatsRow
from exporter.kernel.links import stats as link_stats
from exporter.kernel.links.stats import LinkStatsReader
from exporter.kernel.netlink.messages import NLM_F_MULTI, InterruptedDumpError
from tests.support.kernel.captured import captured
from tests.support.kernel.messages import RTM_NEWSTATS, Answer, FakeSocket, Reply, done, refusal, reply, stats_record

NewReader = Callable[..., LinkStatsReader]
TORN = NLM_F_MULTI | NLM_F_DUMP_INTR


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> NewReader:
    """Makes a reader whose kernel answers the n-th request with the n-th reply."""

    def make(*replies: Reply) -> LinkStatsReader:
        sock = FakeSocket(*replies)
        monkeypatch.setattr(link_stats, "open_socket", lambda **_: sock)
        return LinkStatsReader()

    return make


def expected(ifindex: int, first: int) -> StatsRow:
    return (ifindex, *range(first, first + 8))


def dump(*ifindexes: int, counters: int = 25) -> Reply:
    """A dump of devices whose counters start at a hundred times their ifindex."""

    def datagrams(sequence: int) -> list[Answer]:
        records = [stats_record(i, 100 * i, sequence=sequence, counters=counters) for i in ifindexes]
        return [b"".join(records) + done(sequence)]

    return datagrams


def test_a_first_dump_is_walked_and_a_second_one_is_not(reader: NewReader) -> None:
    stats = reader(dump(1, 2, 3), dump(1, 2, 3))
    assert stats.read() == [expected(1, 100), expected(2, 200), expected(3, 300)]
    walked = stats.walked
    assert stats.read() == [expected(1, 100), expected(2, 200), expected(3, 300)]
    assert stats.walked == walked


def test_a_real_dump_is_read_alike_by_both_paths(reader: NewReader) -> None:
    def again(sequence: int) -> list[Answer]:
        return [b"".join(raw[:8] + sequence.to_bytes(4, "little") + raw[12:] for raw in captured("stats"))]

    stats = reader(again, again)
    first = stats.read()
    assert stats.read() == first
    assert {row[0]: row for row in first}[4] == (4, 10, 3, 1000, 3000, 0, 0, 0, 0)


@pytest.mark.parametrize("counters", [8, 24, 26, 40])
def test_records_of_another_kernel_are_read_by_their_own_length(reader: NewReader, counters: int) -> None:
    stats = reader(dump(1, 2, counters=counters), dump(1, 2, counters=counters))
    assert stats.read() == stats.read() == [expected(1, 100), expected(2, 200)]
    assert stats.walked == 2


def test_records_that_grew_after_the_first_dump_are_read_too(reader: NewReader) -> None:
    stats = reader(dump(1, 2), dump(1, 2, counters=30), dump(1, 2))
    assert stats.read() == stats.read() == stats.read() == [expected(1, 100), expected(2, 200)]


def test_records_of_different_lengths_in_one_datagram_are_all_read(reader: NewReader) -> None:
    def mixed(sequence: int) -> list[Answer]:
        lengths = zip(range(1, 7), itertools.cycle([25, 25, 30]), strict=False)
        records = [stats_record(i, 100 * i, sequence=sequence, counters=counters) for i, counters in lengths]
        return [b"".join(records) + done(sequence)]

    stats = reader(dump(1), mixed, mixed)
    stats.read()
    assert stats.read() == stats.read() == [expected(i, 100 * i) for i in range(1, 7)]


def test_a_dump_over_several_datagrams_ends_with_its_end_only(reader: NewReader) -> None:
    def pieces(sequence: int) -> list[Answer]:
        records = [stats_record(i, 100 * i, sequence=sequence) for i in range(1, 6)]
        return [records[0] + records[1], records[2], records[3] + records[4], done(sequence)]

    stats = reader(pieces, pieces)
    assert stats.read() == stats.read() == [expected(i, 100 * i) for i in range(1, 6)]


def test_a_message_of_another_kind_among_the_records_is_passed_over(reader: NewReader) -> None:
    def strange(sequence: int) -> list[Answer]:
        other = reply(16, bytes(216), sequence)
        assert len(other) == len(stats_record(1, 1))
        return [stats_record(1, 100, sequence=sequence) + other + done(sequence)]

    stats = reader(dump(1), strange)
    assert stats.read() == stats.read() == [expected(1, 100)]


def test_what_is_left_of_a_dump_that_timed_out_is_not_taken_for_the_next_one(reader: NewReader) -> None:
    def late(sequence: int) -> list[Answer]:
        rest = stats_record(2, 200, sequence=sequence) + done(sequence)
        return [stats_record(1, 100, sequence=sequence), TimeoutError("RTNL is held"), rest]

    stats = reader(dump(1), late, dump(3))
    stats.read()
    with pytest.raises(TimeoutError):
        stats.read()
    assert stats.read() == [expected(3, 300)]


def test_sequences_may_go_round(reader: NewReader) -> None:
    stats = reader(*[dump(1, 2)] * 600)
    assert all(stats.read() == [expected(1, 100), expected(2, 200)] for _ in range(600))


@pytest.mark.parametrize("refused", [lambda s: [refusal(errno.EPERM, s)], lambda s: [done(s, error=errno.EPERM)]])
def test_a_refusal_is_not_an_empty_reading(reader: NewReader, refused: Reply) -> None:
    with pytest.raises(PermissionError):
        reader(refused).read()


@pytest.mark.parametrize("place", ["a record", "the end"])
def test_an_interrupted_dump_is_no_reading(reader: NewReader, place: str) -> None:
    def torn(sequence: int) -> list[Answer]:
        flags = TORN if place == "a record" else NLM_F_MULTI
        record = stats_record(2, 200, sequence=sequence, flags=flags)
        end = done(sequence, flags=TORN if place == "the end" else NLM_F_MULTI)
        return [stats_record(1, 100, sequence=sequence) + record, end]

    stats = reader(dump(1, 2), torn, dump(1, 2))
    stats.read()
    with pytest.raises(InterruptedDumpError):
        stats.read()
    assert stats.read() == [expected(1, 100), expected(2, 200)]


def test_a_host_without_devices_reads_as_none(reader: NewReader) -> None:
    assert reader(lambda sequence: [done(sequence)]).read() == []


def torn_throughout(sequence: int) -> list[Answer]:
    return [stats_record(1, 100, sequence=sequence, flags=TORN) + done(sequence)]


def test_an_interruption_of_the_first_dump_does_not_hide_those_of_later_ones(reader: NewReader) -> None:
    stats = reader(torn_throughout, torn_throughout)
    for _ in range(2):
        with pytest.raises(InterruptedDumpError):
            stats.read()


def test_a_record_without_counters_is_no_reading(reader: NewReader) -> None:
    def without(sequence: int) -> list[Answer]:
        empty = reply(RTM_NEWSTATS, bytes(12), sequence)
        return [empty + stats_record(1, 100, sequence=sequence) + done(sequence)]

    assert reader(without).read() == [expected(1, 100)]


def test_a_record_that_is_cut_off_is_an_os_error_or_is_left_out(reader: NewReader) -> None:
    stats = reader(lambda sequence: [stats_record(1, 100, sequence=sequence)[:60], done(sequence)])
    with contextlib.suppress(OSError):
        assert stats.read() == []
