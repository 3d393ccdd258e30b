"""What is tried from inside a container's namespace, against a bridge of the test's own."""

import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from exporter.core.reach.tried import (
    ANSWERED,
    CLOSED,
    NO_ADDRESS,
    NO_HOST,
    NO_NETWORK,
    NOT_PERMITTED,
    OPEN,
    REFUSED,
    SILENT,
    TIMED_OUT,
    TOO_BIG,
    Connect,
    Tried,
)
from exporter.kernel.reach.probe.probe import Attempt, probe
from tests.support.kernel.capture_sockets import made
from tests.support.kernel.fake_container import FakeContainer
from tests.support.kernel.own_namespace import entered, inode, ip

HOST, HOST6, NOT_THERE = "172.20.0.1", "fd00:20::1", "172.20.0.99"
PORT = 8080


def connected(web: FakeContainer, address: str, port: int = PORT, protocol: str = "tcp") -> Connect:
    tried = probe(web.procfs, web.container, Attempt(addresses=(address,), protocol=protocol, port=port))
    assert tried.connect is not None
    return tried.connect


def nft(web: FakeContainer | None, text: str) -> None:
    before = ("nsenter", f"--net=/proc/{web.pid}/ns/net") if web else ()
    subprocess.run([*before, "nft", text], check=True)


def reject(what: str) -> None:
    """The host refuses the port."""
    nft(None, "add table ip f; add chain ip f c { type filter hook input priority 0; }")
    nft(None, f"add rule ip f c tcp dport {PORT} {what}")


@contextmanager
def served(serve: Callable[[socket.socket], None], sock: socket.socket) -> Iterator[None]:
    """Serve in a thread; a socket belongs to the namespace in which it was made."""
    thread = threading.Thread(target=serve, args=(sock,), daemon=True)
    thread.start()
    with sock:
        yield
    thread.join(10)


@pytest.mark.parametrize("address", [HOST, HOST6])
def test_a_listener_is_open_and_gets_no_byte(web: FakeContainer, address: str) -> None:
    with made("tcp", address, PORT, "") as listener:
        found = connected(web, address)
        listener.settimeout(10)
        with listener.accept()[0] as accepted:
            assert accepted.recv(10) == b""
    assert (found.address, found.outcome, found.offender) == (address, OPEN, "")
    assert found.seconds < 1


def test_a_connection_that_is_closed_at_once(web: FakeContainer) -> None:
    with served(lambda sock: sock.accept()[0].close(), made("tcp", HOST, PORT, "")):
        assert connected(web, HOST).outcome == CLOSED


def test_a_server_that_greets_is_open(web: FakeContainer) -> None:
    def greet(sock: socket.socket) -> None:
        with sock.accept()[0] as accepted:
            accepted.send(b"220 hello\r\n")

    with served(greet, made("tcp", HOST, PORT, "")):
        assert connected(web, HOST).outcome == OPEN


def test_a_closed_port_is_refused_and_a_rule_that_rejects_has_an_offender(web: FakeContainer) -> None:
    plain = connected(web, HOST)
    assert (plain.outcome, plain.offender) == (REFUSED, "")
    reject("reject with icmp type port-unreachable")
    by_rule = connected(web, HOST)
    assert (by_rule.outcome, by_rule.offender) == (REFUSED, HOST)


def test_a_rule_that_prohibits_is_no_host_at_once_and_names_the_router(web: FakeContainer) -> None:
    reject("reject with icmp type host-prohibited")
    found = connected(web, HOST)
    assert (found.outcome, found.offender) == (NO_HOST, HOST)
    assert found.seconds < 1


def test_an_address_that_is_not_there_is_no_host_after_three_seconds(web: FakeContainer) -> None:
    found = connected(web, NOT_THERE)
    assert (found.outcome, found.offender) == (NO_HOST, "")
    assert 2 < found.seconds < 3.5


def test_without_a_route_or_an_address(web: FakeContainer) -> None:
    ip("route del default", web.pid)
    assert connected(web, "192.0.2.1").outcome == NO_NETWORK
    with entered(web.pid):
        Path("/proc/sys/net/ipv6/conf/all/disable_ipv6").write_text("1")
    assert connected(web, HOST6).outcome in (NO_NETWORK, NO_ADDRESS)


def test_udp_is_answered_refused_silent_or_not_permitted(web: FakeContainer) -> None:
    assert connected(web, HOST, PORT, "udp").outcome == REFUSED

    def echo(sock: socket.socket) -> None:
        data, client = sock.recvfrom(10)
        sock.sendto(data, client)

    with served(echo, made("udp", HOST, PORT, "")):
        assert connected(web, HOST, PORT, "udp").outcome == ANSWERED
    with made("udp", HOST, PORT, ""):
        assert connected(web, HOST, PORT, "udp").outcome == SILENT
    nft(web, "add table ip f; add chain ip f c { type filter hook output priority 0; policy drop; }")
    assert connected(web, HOST, PORT, "udp").outcome == NOT_PERMITTED


def test_a_client_uses_the_next_address_when_one_is_refused(web: FakeContainer) -> None:
    with made("tcp", HOST, PORT, ""):
        tried = probe(web.procfs, web.container, Attempt(addresses=(HOST6, HOST), port=PORT))
    assert tried.connect is not None
    assert (tried.connect.address, tried.connect.outcome) == (HOST, OPEN)


@pytest.mark.parametrize("address", [HOST, HOST6])
def test_an_echo_of_the_mtu_is_answered_and_a_larger_one_too_big(web: FakeContainer, address: str) -> None:
    whole = probe(web.procfs, web.container, Attempt(addresses=(address,), mtu=1500)).echo
    assert whole is not None
    assert (whole.size, whole.outcome, whole.smaller) == (1500, ANSWERED, False)
    more = probe(web.procfs, web.container, Attempt(addresses=(address,), mtu=1501)).echo
    assert more is not None
    assert (more.outcome, more.smaller) == (TOO_BIG, True)


def test_an_mtu_that_is_smaller_at_the_other_end(web: FakeContainer) -> None:
    """The host's end of the veth drops what is larger, and sends no message."""
    ip("link set veth0 mtu 1400")
    found = probe(web.procfs, web.container, Attempt(addresses=(HOST,), mtu=1500)).echo
    assert found is not None
    assert found.outcome in (TOO_BIG, TIMED_OUT)
    assert found.smaller


def test_a_host_that_answers_no_echo_answers_no_small_one(web: FakeContainer) -> None:
    Path("/proc/sys/net/ipv4/icmp_echo_ignore_all").write_text("1")
    found = probe(web.procfs, web.container, Attempt(addresses=(HOST,), mtu=1500)).echo
    assert found is not None
    assert (found.outcome, found.smaller) == (TIMED_OUT, False)


@pytest.mark.parametrize("address", [HOST, HOST6])
def test_a_raw_socket_serves_where_ping_sockets_are_not_allowed(web: FakeContainer, address: str) -> None:
    with entered(web.pid):
        Path("/proc/sys/net/ipv4/ping_group_range").write_text("1 0")
    found = probe(web.procfs, web.container, Attempt(addresses=(address,), mtu=1500)).echo
    assert found is not None
    assert found.outcome == ANSWERED


def test_without_names_addresses_or_ports_nothing_is_tried(web: FakeContainer) -> None:
    assert probe(web.procfs, web.container, Attempt()) == Tried()
    assert probe(web.procfs, web.container, Attempt(addresses=(HOST,))) == Tried()
    odd = probe(web.procfs, web.container, Attempt(addresses=("no address",), port=PORT, mtu=1500))
    assert odd.connect is not None
    assert odd.connect.outcome == "failed"


def test_a_namespace_that_cannot_be_entered_is_an_error(web: FakeContainer) -> None:
    web.belongs_to("d4" * 32)
    tried = probe(web.procfs, web.container, Attempt(addresses=(HOST,), port=PORT))
    assert tried == Tried(error="the network namespace is gone or not visible from here")


def test_a_black_hole_takes_five_seconds_at_most_and_leaves_nothing(web: FakeContainer) -> None:
    nft(None, "add table ip f; add chain ip f c { type filter hook input priority 0; policy drop; }")
    before = len(list(Path("/proc/self/fd").iterdir())), threading.active_count()
    here, started = inode("thread-self"), time.monotonic()
    attempt = Attempt(names=("db", "db.example"), server=HOST, addresses=(HOST, "172.20.0.1"), port=PORT, mtu=1500)
    tried = probe(web.procfs, web.container, attempt)
    assert time.monotonic() - started < 5.5
    assert inode("thread-self") == here
    assert (len(list(Path("/proc/self/fd").iterdir())), threading.active_count()) == before
    assert tried.name is not None
    assert tried.name.rcode == TIMED_OUT
    assert tried.connect is not None
    assert tried.connect.outcome == TIMED_OUT
