"""Connections that are out of the ordinary are exact at both ends."""

import errno
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from exporter.core.connections.reading import Row
from exporter.kernel.connections.counter import ConnectionCounter
from tests.support.kernel.delayed_path import delayed
from tests.support.kernel.own_namespace import inode
from tests.support.kernel.tcp_cases import Ends, Moved, half_closed, held, over_mptcp, with_fast_open, with_loss
from tests.support.kernel.tcp_traffic import CLIENT, SERVER, Pair, connected, fails, listening
from tests.support.waiting import until

PORT, DELAY_SECONDS = 8080, 0.05


@pytest.fixture
def ends(spaces: Pair) -> Ends:
    """The two namespaces."""
    return Ends(spaces.client, spaces.server, SERVER)


def row_of(counter: ConnectionCounter, pid: int) -> Row:
    """The only one of a namespace and the port."""
    rows = [row for row in counter.read().rows if (row.end.netns, row.end.port) == (inode(pid), PORT)]
    assert len(rows) == 1
    return rows[0]


def exactly(counter: ConnectionCounter, ends: Ends, moved: Moved) -> None:
    """All of them have ended, at both ends with these bytes."""
    client, server = (_ended(counter, pid, moved.number) for pid in (ends.client, ends.server))
    assert (client.counts.established, client.counts.sent, client.counts.received) == moved[:3]
    assert (server.counts.established, server.counts.received, server.counts.sent) == moved[:3]
    if moved.retransmitted is not None:
        assert client.counts.retransmitted == moved.retransmitted > 0


def _ended(counter: ConnectionCounter, pid: int, count: int) -> Row:
    """The row once so many have ended."""

    def read() -> Row | None:
        row = row_of(counter, pid)
        return row if row.counts.ended == count else None

    found = until(read, 10, f"{count} ends")
    assert found is not None
    return found


@pytest.mark.parametrize("play", [over_mptcp, with_fast_open, with_loss])
def test_each_connection_is_counted_once_with_its_payload(
    attached: ConnectionCounter, ends: Ends, play: Callable[[Ends, int], Moved]
) -> None:
    exactly(attached, ends, play(ends, PORT))


@pytest.mark.parametrize("standing", [half_closed, held])
def test_a_connection_is_living_until_both_directions_have_ended(
    attached: ConnectionCounter, ends: Ends, standing: Callable[[Ends, int], AbstractContextManager[Moved]]
) -> None:
    with standing(ends, PORT) as moved:
        for pid in (ends.client, ends.server):
            row = row_of(attached, pid)
            assert (row.living.established, row.counts.ended) == (moved.number, 0)
    exactly(attached, ends, moved)


def test_latency_is_that_of_the_path(attached: ConnectionCounter, ends: Ends) -> None:
    both = pytest.approx(2 * DELAY_SECONDS, rel=0.2)
    path = delayed((ends.client, CLIENT), (ends.server, SERVER), DELAY_SECONDS)
    with path, listening(ends.server, SERVER, PORT) as server:
        assert fails(ends.client, SERVER, PORT + 1) == errno.ECONNREFUSED  # until then the neighbour is not known
        with connected(ends.client, server), connected(ends.client, server):
            row = row_of(attached, ends.client)
            assert row.counts.setup_ns / 2 / 1e9 == both
            assert row.living.round_trip_us / row.living.round_trips / 1e6 == both
