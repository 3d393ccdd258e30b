"""Floods: series stay bounded, nothing is counted twice, and `lost` is at least what is missing, at most 0.1 %."""

import errno
import socket
import threading

import pytest

from exporter.core.connections.bounds import MAX_PORTS
from exporter.core.connections.ledger import ConnectionLedger
from exporter.core.connections.pair import ConnectionReport, Pair
from exporter.kernel.connections.counter import ConnectionCounter
from exporter.kernel.connections.programs import LIMITS, Limits, read_host
from tests.support.builders import inventory, network, run
from tests.support.kernel.own_namespace import entered, inode, ip
from tests.support.kernel.tcp_traffic import CLIENT, SERVER, SUBNET, listening, reset
from tests.support.kernel.tcp_traffic import Pair as Spaces

SCANNED, FIRST_PORT = 30_000, 20_000
CLIENTS, OUTSIDE = 3_000, "198.18.0.0/20"
CONNECTIONS, THREADS = 10_000, 2
SHARE = 0.001
IP_FREEBIND = 15  # linux/in.h

pytestmark = pytest.mark.parametrize("counter", ["tp_btf"], indirect=True)


@pytest.fixture
def limits() -> Limits:
    """Those of the exporter."""
    return LIMITS


class Attributed:
    """The sums of a counter, by container."""

    def __init__(self, counter: ConnectionCounter, spaces: Spaces) -> None:
        self._counter = counter
        web, db = run("web", network="front", ip=CLIENT), run("db", network="front", ip=SERVER)
        self._ledger = ConnectionLedger(read_host().netns_cookie, 3600)
        self._ledger.update_inventory(inventory(network("front", bridge="br-front", subnet=SUBNET), web, db))
        self._namespaces = {inode(spaces.client): web.id, inode(spaces.server): db.id}

    def report(self) -> ConnectionReport:
        """Read and count."""
        self._ledger.count(self._counter.read(), self._namespaces, frozenset(), 1000.0, 1000.0)
        return self._ledger.report(older_counted=True)


def test_a_scan_of_30000_ports_is_bounded_and_complete(attached: ConnectionCounter, spaces: Spaces) -> None:
    with entered(spaces.client):
        for port in range(FIRST_PORT, FIRST_PORT + SCANNED):
            with socket.socket() as sock:
                assert sock.connect_ex((SERVER, port)) == errno.ECONNREFUSED
    report = Attributed(attached, spaces).report()
    _check(report, sum(sums.counts.refused for sums in report.pairs.values()), SCANNED)
    assert len(report.pairs) <= MAX_PORTS + 2


def test_3000_clients_outside_are_one_pair(attached: ConnectionCounter, spaces: Spaces) -> None:
    ip(f"route add local {OUTSIDE} dev lo", spaces.client)
    ip(f"route add {OUTSIDE} via {CLIENT}", spaces.server)
    with listening(spaces.server, SERVER, 8080) as server, entered(spaces.client):
        for number in range(CLIENTS):
            with socket.socket() as sock:
                sock.setsockopt(socket.IPPROTO_IP, IP_FREEBIND, 1)
                sock.bind((f"198.18.{number >> 8}.{number & 255}", 0))
                sock.connect((SERVER, 8080))
                server.accept()[0].close()
    report = Attributed(attached, spaces).report()
    accepted = report.pairs[Pair("db", "", "outside", "8080", "server")].counts.established
    _check(report, accepted, CLIENTS)
    assert [pair for pair in report.pairs if pair.container == "db"] == [Pair("db", "", "outside", "8080", "server")]


def test_10000_connections_at_full_speed_are_counted_once(attached: ConnectionCounter, spaces: Spaces) -> None:
    with listening(spaces.server, SERVER, 8080) as server:

        def accept() -> None:
            for _ in range(CONNECTIONS):
                server.accept()[0].close()

        def connect() -> None:
            with entered(spaces.client):
                for _ in range(CONNECTIONS // THREADS):
                    reset(socket.create_connection((SERVER, 8080), 30))

        threads = [threading.Thread(target=accept), *(threading.Thread(target=connect) for _ in range(THREADS))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    report = Attributed(attached, spaces).report()
    counts = report.pairs[Pair("web", "db", "container", "8080", "client")].counts
    _check(report, counts.established, CONNECTIONS)
    assert counts.ended == counts.established
    assert len(report.pairs) == 1


def _check(report: ConnectionReport, counted: int, expected: int) -> None:
    assert counted <= expected
    assert expected - counted <= report.lost
    assert expected - counted <= SHARE * expected
