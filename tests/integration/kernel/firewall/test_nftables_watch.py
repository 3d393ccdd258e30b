"""Ends of rules and dumps, put into one order: sums are exact whatever a writer does meanwhile."""

import socket
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from exporter.core.nat.ledger import PORT, NatLedger, Series
from exporter.core.nat.reading import Ended
from exporter.core.nat.ruleset import DPORT, Rule
from exporter.errors import SourceError
from exporter.kernel.firewall.nftables.dump import NEWGEN, SUBSYSTEM, dump
from exporter.kernel.firewall.nftables.reader import NftReader
from exporter.kernel.firewall.nftables.watch import NftWatch
from exporter.kernel.nat.reader import NatReader
from exporter.kernel.netlink.messages import attribute
from exporter.kernel.netlink.nfnetlink import NFGENMSG, open_socket
from tests.support.kernel.captured_nat_hosts import run
from tests.support.kernel.messages import FakeSocket, always, reply
from tests.support.kernel.own_namespace import ip

PROC = Path("/proc")


pytestmark = pytest.mark.usefixtures("ports")

PORTS = range(8000, 8020)
REWRITES = 40
MOST_FLOWS = 20_000
GETRULE_RESET = 25  # NFT_MSG_GETRULE_RESET
TABLE = """\
table ip docker-bridges {{
  chain nat-prerouting-and-output {{
{rules}
  }}
  chain nat-OUTPUT {{
    type nat hook output priority -100;
    jump nat-prerouting-and-output
  }}
}}
"""
# What an engine with its own tables does at every change of any port.
REWRITE = "flush chain ip docker-bridges nat-prerouting-and-output\n"


def rules(ports: range = PORTS) -> str:
    return "\n".join(f'    udp dport {port} counter dnat to 127.0.0.1:9 comment "DNAT"' for port in ports)


def rewrite(ports: range = PORTS) -> None:
    """Write all rules anew."""
    lines = rules(ports).replace("    udp", "add rule ip docker-bridges nat-prerouting-and-output udp")
    run("nft", REWRITE + lines)


@pytest.fixture
def ports(namespace: None) -> None:
    """Published ports on the loopback of a namespace of the test's own."""
    assert namespace is None
    ip("link set lo up")
    run("nft", TABLE.format(rules=rules()))


@pytest.fixture
def nat() -> Iterator[NatReader]:
    made = NatReader(PROC)
    yield made
    made.stop()


def owner(rule: Rule) -> Series:
    ports = rule.value(DPORT)
    return (PORT, str(ports[0])) if ports else ()


class Sums:
    """A ledger that is told of every reading."""

    def __init__(self, nat: NatReader) -> None:
        self._nat = nat
        self._ledger = NatLedger()

    def read(self) -> dict[str, int]:
        """The connections of each port."""
        self._ledger.read(self._nat.read(()), owner, 0.0)
        return {port: count for (port,), count in self._ledger.totals(PORT).items() if count}


def connect(port: int, times: int, start: int = 20_000) -> None:
    """Send so many datagrams, each from a port of its own: a flow each."""
    for number in range(times):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind(("127.0.0.1", start + number))
            sock.sendto(b"x", ("127.0.0.1", port))


class Client(threading.Thread):
    """Sends without a pause, to one port after another, until it is told to stop; each datagram is a flow."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.sent: Counter[str] = Counter()
        self.stopped = threading.Event()

    def run(self) -> None:
        """Send."""
        for number in range(MOST_FLOWS // len(PORTS)):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                sock.bind(("127.0.0.1", 20_000 + number))
                for port in PORTS:
                    if self.stopped.is_set():
                        return
                    sock.sendto(b"x", ("127.0.0.1", port))
                    self.sent[str(port)] += 1


class Writer(threading.Thread):
    """Writes all rules anew, many times."""

    def run(self) -> None:
        """Write."""
        for _ in range(REWRITES):
            rewrite()


def test_every_connection_is_counted_once_while_rules_are_written_anew(nat: NatReader) -> None:
    sums, client, writer = Sums(nat), Client(), Writer(daemon=True)
    sums.read()
    client.start()
    writer.start()
    readings = 0
    while writer.is_alive():
        try:
            sums.read()
            readings += 1
        except SourceError:
            continue  # interrupted by the writer
    client.stopped.set()
    client.join()
    writer.join()
    assert sums.read() == client.sent
    assert readings > 3
    assert client.sent.total() > 1000
    assert nat.read(()).changes == REWRITES


def test_what_ends_behind_a_dump_is_handed_over_behind_it() -> None:
    nft, watch = NftReader(), NftWatch()
    try:
        connect(8000, 3)
        first = nft.read()
        rewrite()
        connect(8000, 2, 21_000)
        assert watch.ended_until(first.number) == []
        assert watch.drain_writers() == ()
        second = nft.read()
        rewrite()
        assert counted(watch.ended_until(second.number)) == {8000: 3}
        assert (watch.drain_writers(), watch.drain_writers()) == (("nft",), ())
        assert watch.ended_until(second.number) == []
        assert counted(watch.ended_until(nft.read().number)) == {8000: 2}
    finally:
        nft.close()
        watch.close()


def counted(ended: list[Ended]) -> dict[int, int]:
    """The packets of the rules that ended, by port; all of them ended."""
    assert len(ended) == len(PORTS)
    return {one.rule.value(DPORT)[0]: one.packets for one in ended if one.packets}


def test_ends_that_came_before_the_first_dump_are_before_it(nat: NatReader) -> None:
    connect(8000, 3)
    rewrite()
    connect(8000, 2, 21_000)
    assert Sums(nat).read() == {"8000": 5}


def test_each_reading_has_what_ended_since_the_last(nat: NatReader) -> None:
    sums = Sums(nat)
    sums.read()
    for number in range(3):
        connect(8000 + number, 3, 20_000 + 100 * number)
        rewrite()
        connect(8010, 1, 30_000 + number)
        assert sums.read()["8010"] == number + 1
    assert sums.read() == {"8000": 3, "8001": 3, "8002": 3, "8010": 3}


def test_a_table_that_is_deleted_and_made_anew_reuses_its_handles(nat: NatReader) -> None:
    sums = Sums(nat)
    connect(8000, 3)
    assert sums.read() == {"8000": 3}
    connect(8000, 2, 21_000)
    run("nft", "delete table ip docker-bridges\n" + TABLE.format(rules=rules()))
    connect(8000, 1, 22_000)
    connect(8001, 4, 23_000)
    assert sums.read() == {"8000": 6, "8001": 4}


def test_a_counter_that_is_set_to_zero_in_place_goes_on(nat: NatReader) -> None:
    sums = Sums(nat)
    connect(8000, 3)
    assert sums.read() == {"8000": 3}
    with open_socket() as sock:
        dump(sock, GETRULE_RESET)
    connect(8000, 2, 21_000)
    assert sums.read() == {"8000": 5}


def test_lost_ends_are_counted_and_no_connection_is_counted_twice() -> None:
    nat = NatReader(PROC, receive_buffer=1)
    sums = Sums(nat)
    sent = 0
    try:
        for number in range(6):
            connect(8000, 3, 20_000 + 1000 * number)
            sent += 3
            before = sums.read()["8000"]
            connect(8000, 2, 21_000 + 1000 * number)
            for _ in range(5):
                rewrite()
            assert before <= sums.read()["8000"] <= sent + 2
            sent += 2
        assert nat._watch.overflows > 0
    finally:
        nat.stop()


def test_the_end_of_a_generation_that_is_never_told_is_not_waited_for_long() -> None:
    watch = NftWatch()
    try:
        rewrite()
        assert len(watch.ended_until(70_000)) == len(PORTS)
        assert watch.ended_until(70_000) == []
    finally:
        watch.close()


def test_a_message_in_no_known_form_costs_itself_only(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = NftWatch()
    good = reply(SUBSYSTEM | NEWGEN, NFGENMSG.pack(0, 0, 7) + attribute(1, b"\0\0\0\7"))
    strange = reply(SUBSYSTEM | 8, NFGENMSG.pack(2, 0, 7) + b"\xff\xff\1\0")
    kernel = FakeSocket(always(strange + good))
    kernel.send(bytes(16))
    watch.close()
    monkeypatch.setattr(watch, "socket", kernel)
    monkeypatch.setattr(FakeSocket, "settimeout", lambda *_: None, raising=False)
    assert watch.receive()
    assert (watch.overflows, watch.changes) == (1, 1)
    assert not watch.receive()
