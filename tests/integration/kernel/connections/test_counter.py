"""Real connections: each is counted with its bytes and its reason, at both ends, and nothing else is."""

import errno
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress

import pytest

from exporter.core.connections.reading import Interest, Near, Row
from exporter.kernel.connections.counter import ConnectionCounter
from exporter.kernel.connections.programs import Limits
from tests.support.kernel.own_namespace import entered, inode, ip
from tests.support.kernel.tcp_traffic import (
    CLIENT,
    SERVER,
    SUBNET,
    Pair,
    connected,
    exchange,
    fails,
    limit_ports,
    listening,
    reset,
)
from tests.support.waiting import until

PORT = 8080
NOBODY = "10.77.0.99"


@contextmanager
def waiting(pid: int, port: int) -> Iterator[socket.socket]:
    """A socket that connects to an address of the subnet where nothing answers."""
    with entered(pid), socket.socket() as sock:
        sock.setblocking(False)  # noqa: FBT003  socket's own signature
        with suppress(BlockingIOError):
            sock.connect((NOBODY, port))
        yield sock


NO_IDLE_TIME = pytest.mark.parametrize("limits", [Limits(1024, 256, 64, idle_seconds=0.0)], ids=["no-idle-time"])


def rows_of(counter: ConnectionCounter, pid: int | str, port: int = PORT) -> list[Row]:
    """Rows of one end's namespace and port."""
    return [row for row in counter.read().rows if row.end.netns == inode(pid) and row.end.port == port]


def row_of(counter: ConnectionCounter, pid: int | str, port: int = PORT) -> Row:
    """The only row."""
    [row] = rows_of(counter, pid, port)
    return row


def ended(counter: ConnectionCounter, pid: int, count: int, port: int = PORT) -> Row:
    """The only row, once so many connections have ended there."""

    def read() -> Row | None:
        rows = rows_of(counter, pid, port)
        return rows[0] if len(rows) == 1 and rows[0].counts.ended == count else None

    found = until(read, 10, f"{count} connections ended")
    assert found is not None
    return found


def test_counts_and_bytes_are_exact_at_both_ends(attached: ConnectionCounter, spaces: Pair) -> None:
    with listening(spaces.server, SERVER, PORT) as server:
        for size in (0, 1, 1448, 200_000):
            with connected(spaces.client, server) as ends:
                exchange(*ends, size, 2 * size + 1)
    total = 201_449
    client, accepted = ended(attached, spaces.client, 4), ended(attached, spaces.server, 4)
    assert (client.end.local, client.end.remote, client.end.connected) == (CLIENT, SERVER, True)
    assert (accepted.end.local, accepted.end.remote, accepted.end.connected) == (SERVER, CLIENT, False)
    assert client.counts._replace(setup_ns=0, retransmitted=0) == accepted.counts._replace(
        sent=total, received=2 * total + 4, retransmitted=0
    )
    assert (client.counts.established, client.counts.sent, client.counts.received) == (4, total, 2 * total + 4)
    assert 0 < client.counts.setup_ns < 4e9
    assert accepted.counts.setup_ns == 0
    assert attached.read().lost == 0


def test_bytes_of_a_living_connection_are_there_and_are_not_counted_twice(
    attached: ConnectionCounter, spaces: Pair
) -> None:
    with listening(spaces.server, SERVER, PORT) as server, connected(spaces.client, server) as (client, accepted):
        client.sendall(b"x" * 5000)
        assert len(accepted.recv(5000, socket.MSG_WAITALL)) == 5000
        row = until(lambda: row_of(attached, spaces.client), 10, "a row")
        assert (row.counts.established, row.counts.ended, row.counts.sent) == (1, 0, 5000)
        assert (row.living.established, row.living.connecting, row.living.round_trips) == (1, 0, 1)
        assert row.living.round_trip_us > 0
        assert row_of(attached, spaces.server).counts.received == 5000
        exchange(client, accepted, 0, 0)
    row = ended(attached, spaces.client, 1)
    assert (row.counts.sent, row.living.established) == (5000, 0)


def test_a_connect_to_a_closed_port_is_refused(attached: ConnectionCounter, spaces: Pair) -> None:
    for _ in range(3):
        assert fails(spaces.client, SERVER, PORT) == errno.ECONNREFUSED
    row = row_of(attached, spaces.client)
    assert (row.counts.refused, row.counts.established, row.counts.ended) == (3, 0, 0)
    assert rows_of(attached, spaces.server) == []


def unanswered(spaces: Pair) -> None:
    """An address whose hardware address is known and to which nothing answers."""
    ip("neighbour add 10.77.0.9 lladdr 02:00:00:00:00:09 dev c0 nud permanent", spaces.client)


def times_out(spaces: Pair) -> None:
    unanswered(spaces)
    assert fails(spaces.client, "10.77.0.9", PORT, attempts=1) == errno.ETIMEDOUT


def is_abandoned(spaces: Pair) -> None:
    unanswered(spaces)
    fails(spaces.client, "10.77.0.9", PORT, seconds=0.05)


def is_unreachable(spaces: Pair) -> None:
    assert fails(spaces.client, "10.77.0.8", PORT) == errno.EHOSTUNREACH


@pytest.mark.parametrize(
    ("fail", "reason"),
    [(times_out, "timed_out"), (is_abandoned, "abandoned"), (is_unreachable, "unreachable")],
)
def test_a_connect_fails_for_its_reason(
    attached: ConnectionCounter, spaces: Pair, fail: Callable[[Pair], None], reason: str
) -> None:
    fail(spaces)
    counts = row_of(attached, spaces.client).counts
    assert counts == counts.__class__(**{reason: 1}, retransmitted=counts.retransmitted)


def test_a_connect_without_a_local_port_left_is_told_apart(attached: ConnectionCounter, spaces: Pair) -> None:
    limit_ports(spaces.client, 40000, 40000)
    with listening(spaces.server, SERVER, PORT) as server, connected(spaces.client, server):
        assert fails(spaces.client, SERVER, PORT) == errno.EADDRNOTAVAIL
        assert row_of(attached, spaces.client).counts.no_port == 1


def test_a_reset_is_counted_where_it_is_received(attached: ConnectionCounter, spaces: Pair) -> None:
    with listening(spaces.server, SERVER, PORT) as server, connected(spaces.client, server) as (client, accepted):
        client.sendall(b"x" * 100)
        assert accepted.recv(100, socket.MSG_WAITALL)
        reset(client)
        assert ended(attached, spaces.server, 1).counts.reset == 1
    assert ended(attached, spaces.client, 1).counts.reset == 0


def test_an_address_that_is_not_near_is_not_kept(attached: ConnectionCounter, spaces: Pair) -> None:
    ip("address add 10.99.0.1/32 dev lo", spaces.client)
    ip("address add 10.99.0.2/32 dev lo", spaces.client)
    ip(f"route add 10.99.0.0/16 via {CLIENT}", spaces.server)
    with listening(spaces.server, SERVER, PORT) as server:
        for address in ("10.99.0.1", "10.99.0.2"):
            ip(f"route replace {SERVER} dev c0 src {address}", spaces.client)
            with connected(spaces.client, server) as ends:
                exchange(*ends, 10, 10)
    row = ended(attached, spaces.server, 2)
    assert (row.end.remote, row.counts.received) == ("", 20)


def test_loopback_inside_of_a_namespace_is_not_counted(attached: ConnectionCounter, spaces: Pair) -> None:
    with listening(spaces.server, "127.0.0.1", PORT) as server, connected(spaces.server, server, "127.0.0.1") as ends:
        exchange(*ends, 10, 10)
    assert rows_of(attached, spaces.server) == []


def test_of_the_hosts_own_connections_those_to_a_published_port_are_counted(
    attached: ConnectionCounter, spaces: Pair
) -> None:
    assert spaces
    ip("link set lo up")
    loopback = {"127.0.0.0/8": Near.LOOPBACK, SUBNET: Near.SUBNET}
    attached.update(Interest(loopback, frozenset({PORT})))
    for port in (PORT, PORT + 1):
        with (
            listening("thread-self", "127.0.0.1", port) as server,
            connected("thread-self", server, "127.0.0.1") as ends,
        ):
            exchange(*ends, 10, 10)
    assert {row.counts.established for row in rows_of(attached, "thread-self")} == {1}
    assert rows_of(attached, "thread-self", PORT + 1) == []
    attached.update(Interest(loopback))
    assert fails("thread-self", "127.0.0.1", PORT) == errno.ECONNREFUSED
    assert {row.counts.refused for row in rows_of(attached, "thread-self")} == {0}


def test_a_connection_that_is_older_is_counted_from_its_adoption_on(counter: ConnectionCounter, spaces: Pair) -> None:
    with listening(spaces.server, SERVER, PORT) as server, connected(spaces.client, server) as (client, accepted):
        client.sendall(b"x" * 3000)
        assert accepted.recv(3000, socket.MSG_WAITALL)
        counter.attach()
        for pid in (spaces.client, spaces.server):
            counter.adopt(f"/proc/{pid}/ns/net", follow=True)
        client.sendall(b"x" * 500)
        assert accepted.recv(500, socket.MSG_WAITALL)
        row = row_of(counter, spaces.client)
        assert (row.end.connected, row.counts.established, row.counts.sent) == (True, 0, 500)
        assert row.living.established == 1
        assert not row_of(counter, spaces.server).end.connected
        exchange(client, accepted, 7, 9)
    row = ended(counter, spaces.client, 1)
    assert (row.counts.established, row.counts.sent, row.counts.received) == (0, 507, 9)


def test_a_connection_that_is_older_and_not_adopted_is_not_counted(counter: ConnectionCounter, spaces: Pair) -> None:
    with listening(spaces.server, SERVER, PORT) as server, connected(spaces.client, server) as ends:
        counter.attach()
        exchange(*ends, 10, 10)
    assert rows_of(counter, spaces.client) == rows_of(counter, spaces.server) == []


def test_an_end_whose_begin_was_missed_is_counted_once_all_are_adopted(
    counter: ConnectionCounter, spaces: Pair
) -> None:
    """As of a connection that the program was passed over for."""
    with listening(spaces.server, SERVER, PORT) as server, connected(spaces.client, server) as ends:
        counter.attach()
        counter.complete()
        exchange(*ends, 10, 20)
    row = ended(counter, spaces.server, 1)
    assert (row.counts.established, row.counts.received, row.counts.sent) == (1, 10, 20)


def test_a_row_is_made_again_only_when_its_end_changes(attached: ConnectionCounter, spaces: Pair) -> None:
    fails(spaces.client, SERVER, PORT)
    [first], [same] = (rows_of(attached, spaces.client) for _ in range(2))
    assert same is first
    fails(spaces.client, SERVER, PORT)
    [changed] = rows_of(attached, spaces.client)
    assert (first.counts.refused, changed.counts.refused) == (1, 2)


def test_more_ports_than_there_is_room_for_are_counted_without_a_port(
    attached: ConnectionCounter, spaces: Pair
) -> None:
    for port in range(1, 401):
        fails(spaces.client, SERVER, port)
    rows = [row for row in attached.read().rows if row.end.netns == inode(spaces.client)]
    [rest] = [row for row in rows if row.end.port == 0]
    assert sum(row.counts.refused for row in rows) == 400
    assert 200 <= len(rows) - 1 <= 256  # sockets of other namespaces of the machine have room of it, too
    assert (rest.counts.refused, rest.end.remote) == (400 - (len(rows) - 1), "")
    assert attached.read().lost == 0


@pytest.mark.parametrize("limits", [Limits(1024, 256, 64, of_one=32)], ids=["share"])
def test_one_container_does_not_displace_the_ends_of_another(attached: ConnectionCounter, spaces: Pair) -> None:
    """The same of what lives: its sockets wait for an answer that never comes."""
    ip(f"neighbour add {NOBODY} lladdr 02:00:00:00:00:99 dev c0", spaces.client)
    with ExitStack() as stack:
        for port in range(1, 401):
            fails(spaces.client, SERVER, port)
            sock = stack.enter_context(waiting(spaces.client, port))
            assert sock.getsockname()
        fails(spaces.server, CLIENT, PORT)
        reading = attached.read()
    rows = [row for row in reading.rows if row.end.netns == inode(spaces.client)]
    assert sum(row.counts.refused for row in rows) == 400
    assert sum(row.living.connecting for row in rows) == 400
    assert len(rows) <= 2 * 32 + 2
    [row] = [row for row in reading.rows if row.end.netns == inode(spaces.server)]
    assert (row.counts.refused, row.end.remote, row.end.port) == (1, CLIENT, PORT)
    assert reading.lost == 0


@pytest.mark.parametrize("limits", [Limits(1024, 256, 64, of_one=32, idle_seconds_when_full=0.0)], ids=["share"])
def test_a_share_is_free_again_when_its_sums_are_taken_out(attached: ConnectionCounter, spaces: Pair) -> None:
    for first in (1, 101):
        for port in range(first, first + 32):
            fails(spaces.client, SERVER, port)
        rows = [row for row in attached.read().rows if row.end.netns == inode(spaces.client) and not row.final]
        assert {row.end.port for row in rows} == {*range(first, first + 32)}
        attached.read()


def test_connections_without_room_are_lost_and_told(attached: ConnectionCounter, spaces: Pair) -> None:
    with ExitStack() as stack, listening(spaces.server, SERVER, PORT) as server:
        for _ in range(520):
            stack.enter_context(connected(spaces.client, server))
        assert attached.read().lost >= 2 * (2 * 520 - 1024)
        assert row_of(attached, spaces.client).living.established <= 520


@NO_IDLE_TIME
def test_sums_that_do_not_change_make_room_and_are_told_once_more(attached: ConnectionCounter, spaces: Pair) -> None:
    fails(spaces.client, SERVER, PORT)
    assert not row_of(attached, spaces.client).final
    assert [(row.counts.refused, row.final) for row in rows_of(attached, spaces.client)] == [(1, True)]
    assert rows_of(attached, spaces.client) == []
    fails(spaces.client, SERVER, PORT)
    assert [(row.counts.refused, row.final) for row in rows_of(attached, spaces.client)] == [(1, False)]


@NO_IDLE_TIME
def test_a_connection_that_lives_makes_no_room(attached: ConnectionCounter, spaces: Pair) -> None:
    with listening(spaces.server, SERVER, PORT) as server, connected(spaces.client, server):
        for _ in range(3):
            row = row_of(attached, spaces.client)
            assert (row.final, row.living.established, row.counts.established) == (False, 1, 1)
