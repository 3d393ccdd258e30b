"""A name server on the host's bridge, and what a container gets from it: answers, errors, and anything else."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial

import pytest

from exporter.core.reach.tried import FAILED, NOERROR, OPEN, REFUSED, TIMED_OUT, NameAnswer, Tried
from exporter.kernel.reach.enter import run_in_container
from exporter.kernel.reach.probe.dns import AAAA, A
from exporter.kernel.reach.probe.probe import Attempt, probe, probe_here
from tests.support.kernel.capture_sockets import made
from tests.support.kernel.fake_container import FakeContainer

SERVER = "172.20.0.1"
ADDRESSES = {A: bytes((172, 20, 0, 1)), AAAA: bytes.fromhex("fd000020000000000000000000000001")}

Answers = Callable[[int, bytes], list[bytes]]  # type, request -> datagrams


def answered(request: bytes, rcode: int = 0, *values: bytes, kind: int = A) -> bytes:
    records = b"".join(b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 600, len(value)) + value for value in values)
    return request[:2] + struct.pack(">HHHHH", 0x8180 | rcode, 1, len(values), 0, 0) + request[12:] + records


@contextmanager
def name_server(answers: Answers) -> Iterator[list[bytes]]:
    """Answer all requests; yields the names that were requested."""
    requested: list[bytes] = []
    ended = threading.Event()

    def serve(sock: socket.socket) -> None:
        while not ended.is_set():
            try:
                request, client = sock.recvfrom(512)
            except TimeoutError:
                continue
            requested.append(request[12:-4])
            for datagram in answers(int.from_bytes(request[-4:-2], "big"), request):
                sock.sendto(datagram, client)

    with made("udp", SERVER, 53, "") as sock:
        sock.settimeout(0.05)
        thread = threading.Thread(target=serve, args=(sock,), daemon=True)
        thread.start()
        try:
            yield requested
        finally:
            ended.set()
            thread.join(10)


def resolved(web: FakeContainer, *names: str) -> NameAnswer:
    tried = probe(web.procfs, web.container, Attempt(names=names or ("db",), server=SERVER))
    assert tried.name is not None
    assert tried.name.server == SERVER
    return tried.name


def test_a_name_has_both_addresses_and_the_first_is_connected(web: FakeContainer) -> None:
    with (
        name_server(lambda kind, request: [answered(request, 0, ADDRESSES[kind], kind=kind)]),
        made("tcp", "::", 8080, ""),
    ):
        tried = probe(web.procfs, web.container, Attempt(names=("db",), server=SERVER, port=8080))
    assert tried.name is not None
    assert (tried.name.rcode, tried.name.addresses) == (NOERROR, ("fd00:20::1", "172.20.0.1"))
    assert tried.connect is not None
    assert (tried.connect.address, tried.connect.outcome) == ("fd00:20::1", OPEN)


def test_the_address_of_the_path_is_connected_also_where_the_answer_has_another_one_first(web: FakeContainer) -> None:
    """The engine turns the order of an alias of several containers with each answer."""
    with (
        name_server(lambda kind, request: [answered(request, 0, ADDRESSES[kind], kind=kind)]),
        made("tcp", "::", 8080, ""),
    ):
        attempt = Attempt(names=("db",), server=SERVER, addresses=(SERVER,), port=8080)
        elsewhere = Attempt(names=("db",), server=SERVER, addresses=("172.20.0.9",), port=8080)
        tried, other = (probe(web.procfs, web.container, one) for one in (attempt, elsewhere))
    assert (tried.connect and tried.connect.address) == SERVER
    assert (other.connect and other.connect.address) == "fd00:20::1"


CODES: Mapping[str, int] = {"SERVFAIL": 2, "NXDOMAIN": 3, "REFUSED": 5}


@pytest.mark.parametrize("rcode", CODES)
def test_a_code_is_its_name(web: FakeContainer, rcode: str) -> None:
    with name_server(lambda _, request: [answered(request, CODES[rcode])]):
        found = resolved(web)
    assert (found.rcode, found.addresses) == (rcode, ())
    assert found.seconds < 1


def test_a_name_without_an_ipv6_address(web: FakeContainer) -> None:
    def answers(kind: int, request: bytes) -> list[bytes]:
        return [answered(request, 0, ADDRESSES[A])] if kind == A else [answered(request)]

    with name_server(answers):
        assert resolved(web).addresses == ("172.20.0.1",)


def test_a_server_that_ignores_requests_for_ipv6(web: FakeContainer) -> None:
    with name_server(lambda kind, request: [answered(request, 0, ADDRESSES[A])] if kind == A else []):
        found = resolved(web)
    assert (found.rcode, found.addresses) == (NOERROR, ("172.20.0.1",))
    assert found.seconds < 2


def test_names_are_tried_in_their_order_until_one_has_an_address(web: FakeContainer) -> None:
    def answers(kind: int, request: bytes) -> list[bytes]:
        is_last = request[12:].startswith(b"\x02db\0")
        return [answered(request, 0, ADDRESSES[kind], kind=kind)] if is_last else [answered(request, 3)]

    with name_server(answers) as requested:
        assert resolved(web, "db.example", "db", "db.late").rcode == NOERROR
    assert list(dict.fromkeys(requested)) == [b"\x02db\x07example\0", b"\x02db\0"]


def test_datagrams_that_are_not_the_answer_are_ignored(web: FakeContainer) -> None:
    def answers(kind: int, request: bytes) -> list[bytes]:
        right = answered(request, 0, ADDRESSES[kind], kind=kind)
        return [b"", b"\0", bytes(2000), right[:20], bytes((right[0] ^ 0x80,)) + right[1:], right]

    with name_server(answers):
        assert resolved(web).addresses == ("fd00:20::1", "172.20.0.1")


def test_a_port_where_no_server_listens_is_refused(web: FakeContainer) -> None:
    found = resolved(web)
    assert (found.rcode, found.addresses) == (REFUSED, ())
    assert found.seconds < 1


def test_a_server_that_is_silent(web: FakeContainer) -> None:
    attempt = Attempt(names=("db", "db.example"), server=SERVER)
    with name_server(lambda *_: []):
        found = run_in_container(web.procfs, web.container, partial(probe_here, attempt, name_seconds=0.2))
    assert isinstance(found, Tried)
    assert found.name is not None
    assert found.name.rcode == TIMED_OUT


@pytest.mark.parametrize("name", ["", "a..b", "x" * 64])
def test_what_is_not_a_name_is_not_sent(web: FakeContainer, name: str) -> None:
    with name_server(lambda *_: []) as requested:
        assert resolved(web, name).rcode == FAILED
    assert requested == []


def test_without_a_server_nothing_is_resolved(web: FakeContainer) -> None:
    assert probe(web.procfs, web.container, Attempt(names=("db",))) == Tried()
    found = probe(web.procfs, web.container, Attempt(names=("db",), server="dns.example")).name
    assert found is not None
    assert found.rcode == FAILED
