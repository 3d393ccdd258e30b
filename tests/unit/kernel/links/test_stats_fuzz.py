"""Counters whose bytes are not what they were: both ways to read them agree, and none reads on into the next record."""

import struct
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.core.model.kernel_sample import StatsRow
from exporter.kernel.links import stats
from exporter.kernel.links.stats import ATTRIBUTE_AT, COUNTERS, COUNTERS_AT, LinkStatsReader
from exporter.kernel.netlink.messages import HEADER, NLM_F_MULTI
from tests.support.kernel.damaged import damages
from tests.support.kernel.messages import RTM_NEWSTATS, Answer, FakeSocket, Reply, done, reply, stats_record

Damage = Callable[[bytes], bytes]
REFUSED = "MalformedError"


def stats_reader(*replies: Reply) -> LinkStatsReader:
    return stats_reader_of(FakeSocket(*replies))


def stats_reader_of(sock: FakeSocket) -> LinkStatsReader:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stats, "open_socket", lambda **_: sock)
        return LinkStatsReader()


def outcome(reader: LinkStatsReader, last: tuple[int, ...] = ()) -> list[StatsRow] | str:
    try:
        return reader.read(last)
    except OSError as failure:
        return type(failure).__name__


def records(sequence: int) -> bytes:
    return b"".join(stats_record(ifindex, 100 * ifindex, sequence=sequence) for ifindex in (1, 2, 3))


@given(damages(keep=0))
@settings(max_examples=500, deadline=None)
def test_damaged_counters_are_read_alike_by_both_paths(damage: Damage) -> None:
    answer: Reply = lambda n: [damage(records(n)), done(n)]  # noqa: E731
    whole: Reply = lambda n: [records(n), done(n)]  # noqa: E731
    sock = FakeSocket(whole, answer, whole)
    taught, untaught = stats_reader_of(sock), stats_reader(lambda n: [done(n)], answer)
    right = taught.read()
    untaught.read()
    assert outcome(taught) == outcome(untaught)
    sock._waiting.clear()
    assert taught.read() == right == [row(1), row(2), row(3)]


def short(size: int, length: int, flags: int = NLM_F_MULTI) -> Reply:
    """A record of so many bytes, whose attribute has a length of its own, and then a whole one."""

    def answers(sequence: int) -> list[Answer]:
        record = bytearray(stats_record(7, 700, sequence=sequence)[:size])
        if size >= COUNTERS_AT:
            record[ATTRIBUTE_AT : ATTRIBUTE_AT + 2] = struct.pack("=H", length)
        first = reply(RTM_NEWSTATS, bytes(record[HEADER.size :]), sequence, flags)
        return [first + stats_record(9, 900, sequence=sequence), done(sequence)]

    return answers


def row(ifindex: int) -> StatsRow:
    return (ifindex, *range(100 * ifindex, 100 * ifindex + 8))


@given(st.integers(HEADER.size, len(stats_record(7, 700))), st.one_of(st.integers(0, 400), st.just(204)))
@settings(max_examples=500, deadline=None)
def test_counters_that_are_cut_short_are_not_read_on_into_the_next_record(size: int, length: int) -> None:
    """In a dump, and in the answer about one device that is read once more."""
    dumped = outcome(stats_reader(short(size, length)))
    again = outcome(stats_reader(lambda n: [done(n)], short(size, length, flags=0)), (7,))
    if size == ATTRIBUTE_AT:  # a device without counters
        assert (dumped, again) == ([row(9)], [])
    elif COUNTERS_AT - ATTRIBUTE_AT + COUNTERS.size <= length <= size - ATTRIBUTE_AT:
        assert (dumped, again) == ([row(7), row(9)], [row(7)])
    else:
        assert (dumped, again) == (REFUSED, REFUSED)


@given(st.integers(0, 0xFFFF).filter(lambda kind: kind != stats.IFLA_STATS_LINK_64))
@settings(max_examples=50, deadline=None)
def test_another_attribute_is_no_counters(kind: int) -> None:
    """Such as that of a bridge's own statistics, which is as long."""

    def other(sequence: int) -> list[Answer]:
        record = stats_record(7, 700, sequence=sequence)
        return [record[: ATTRIBUTE_AT + 2] + struct.pack("=H", kind) + record[COUNTERS_AT:], done(sequence)]

    assert outcome(stats_reader(other)) == REFUSED
