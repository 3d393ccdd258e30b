"""Listening sockets as a kernel reports them: recorded answers, and broken ones."""

import errno
import socket
import sys
from collections.abc import Callable

import pytest
from msgspec.structs import replace
from pyroute2.netlink import NLM_F_DUMP_INTR

from exporter.core.model.sockets import ListeningSocket
from exporter.kernel.netlink.inet_diag import ANY_STATE, LISTEN, parse_state, question, read_dump, read_tcp
from exporter.kernel.netlink.messages import HEADER, NLM_F_MULTI, InterruptedDumpError
from exporter.kernel.sockets import listeners
from exporter.kernel.sockets.listeners import SocketReader, parse_listeners
from tests.support.kernel.captured import captured
from tests.support.kernel.messages import FakeSocket, Reply, as_socket, done, refusal, reply

TCP, UDP = socket.IPPROTO_TCP, socket.IPPROTO_UDP
TORN = NLM_F_MULTI | NLM_F_DUMP_INTR
RECORDED = (
    ListeningSocket("tcp", "127.0.0.1", 8001),
    ListeningSocket("tcp", "0.0.0.0", 8005, ifindex=1),
    ListeningSocket("tcp", "::ffff:127.0.0.1", 8004),
    ListeningSocket("tcp", "::", 8002),
    ListeningSocket("tcp", "::", 8003, v6only=True),
    ListeningSocket("udp", "0.0.0.0", 8007),
    ListeningSocket("udp", "::1", 8008, v6only=True),  # the kernel sets it for each address of IPv6
    ListeningSocket("udp", "::", 8009, v6only=True),
)


def answers() -> listeners.Answers:
    return ((TCP, captured("sockets_tcp")), (UDP, captured("sockets_udp")))


def plain(found: ListeningSocket) -> ListeningSocket:
    """A socket without the numbers that are other ones at each recording."""
    return replace(found, inode=0, cgroup_id=0)


def test_a_recording_has_just_who_listens_in_it() -> None:
    found = parse_listeners(answers())
    assert sorted(map(plain, found), key=lambda each: each.port) == sorted(RECORDED, key=lambda each: each.port)
    assert len({each.inode for each in found} - {0}) == len(found)
    assert {each.cgroup_id for each in found} == {1}


def test_a_user_is_told_by_number_and_a_kernel_without_cgroups_tells_none() -> None:
    first = captured("sockets_tcp")[0]
    body = bytearray(first[16 : 16 + 72])
    body[64:68] = (65534).to_bytes(4, sys.byteorder)
    raw = reply(20, bytes(body))
    (found,) = parse_listeners(((TCP, [raw]),))
    assert (found.uid, found.cgroup_id, found.v6only) == (65534, 0, False)


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Callable[..., SocketReader]:
    """Makes a reader; its n-th dump gets the n-th reply, and a new socket goes on with those that are left."""

    def make(*replies: Reply) -> SocketReader:
        left = list(replies)

        class Draining(FakeSocket):
            def send(self, request: bytes) -> int:
                self._replies = [left.pop(0)] if left else []
                return super().send(request)

        monkeypatch.setattr(listeners, "open_diag_socket", lambda: as_socket(Draining()))
        return SocketReader()

    return make


def dump(*bodies: bytes) -> Reply:
    """One dump in one datagram, the end mark in another."""
    return lambda _: [b"".join(reply(18, body) for body in bodies), done()] if bodies else [done()]


def body(port: int, waiting: int = 0) -> bytes:
    """The body of the recorded answer about a port of TCP; `waiting` are connections that nobody has accepted yet."""
    found = (bytearray(answer[HEADER.size :]) for answer in captured("sockets_tcp"))
    raw = next(raw for raw in found if raw[4:6] == port.to_bytes(2, "big"))
    raw[56:60] = waiting.to_bytes(4, sys.byteorder)
    return bytes(raw)


EMPTY = dump()


def test_the_same_answers_are_the_same_object_and_nothing_is_decoded_again(
    reader: Callable[..., SocketReader],
) -> None:
    one = (dump(body(8001), body(8005)), EMPTY, EMPTY)
    reading = reader(*one, *one)
    first = reading.read()
    assert [each.port for each in first.sockets] == [8001, 8005]
    assert reading.read() is first


def test_a_connection_that_waits_is_no_other_socket(reader: Callable[..., SocketReader]) -> None:
    reading = reader(dump(body(8001)), EMPTY, EMPTY, dump(body(8001, waiting=3)), EMPTY, EMPTY)
    first = reading.read()
    assert reading.read() is first


def test_one_that_came_is_told_and_the_others_are_the_same_objects(reader: Callable[..., SocketReader]) -> None:
    reading = reader(dump(body(8001)), EMPTY, EMPTY, dump(body(8005), body(8001)), EMPTY, EMPTY)
    (first,) = reading.read().sockets
    second = reading.read().sockets
    assert [each.port for each in second] == [8005, 8001]
    assert second[1] is first


def test_one_that_went_is_told_no_more(reader: Callable[..., SocketReader]) -> None:
    reading = reader(dump(body(8001)), EMPTY, EMPTY, EMPTY, EMPTY, EMPTY)
    assert len(reading.read().sockets) == 1
    assert reading.read().sockets == ()


def test_after_a_failure_the_rest_of_an_answer_is_not_taken_for_the_next(
    reader: Callable[..., SocketReader],
) -> None:
    torn: Reply = lambda _: [reply(18, body(8001)), TimeoutError("timed out"), reply(18, body(8005)), done()]  # noqa: E731
    reading = reader(torn, dump(body(8005)), EMPTY, EMPTY)
    with pytest.raises(TimeoutError):
        reading.read()
    assert [each.port for each in reading.read().sockets] == [8005]


@pytest.mark.parametrize("answer", [refusal(errno.ENOENT), done(error=errno.ENOENT)], ids=["error", "in the end mark"])
def test_a_refusal_is_no_empty_answer_wherever_it_stands(answer: bytes) -> None:
    with pytest.raises(FileNotFoundError):
        read_dump(as_socket(FakeSocket(lambda _: [answer])), question(2, TCP, ANY_STATE))


def test_an_interrupted_dump_is_asked_for_again() -> None:
    torn: Reply = lambda _: [reply(18, body(8001), flags=TORN), done()]  # noqa: E731
    sock = FakeSocket(torn, torn, dump(body(8005)))
    found = parse_listeners(((TCP, read_dump(as_socket(sock), question(2, TCP, ANY_STATE))),))
    assert [each.port for each in found] == [8005]
    assert len(sock.requests) == 3


def test_one_that_is_interrupted_each_time_is_no_answer() -> None:
    torn: Reply = lambda _: [reply(18, body(8001), flags=TORN), done()]  # noqa: E731
    with pytest.raises(InterruptedDumpError):
        read_dump(as_socket(FakeSocket(*[torn] * 5)), question(2, TCP, ANY_STATE))


def test_a_state_that_is_not_known_is_told_by_number() -> None:
    assert parse_state(bytes((2, 10)), 0) == "listen"
    assert parse_state(bytes((2, 77)), 0) == "77"


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOENT, errno.EOPNOTSUPP])
def test_a_kernel_that_refuses_the_older_request_is_asked_for_each_family(number: int) -> None:
    first, second = reply(20, b"first"), reply(20, b"second")
    kernel = FakeSocket(lambda _: [refusal(number)], lambda _: [first, done()], lambda _: [second, done()])
    assert read_tcp(as_socket(kernel), 1 << LISTEN) == [first, second]
    assert [request[4:6] for request in kernel.requests] == [b"\x12\0", b"\x14\0", b"\x14\0"]


def test_another_failure_of_the_older_request_is_one() -> None:
    kernel = FakeSocket(lambda _: [refusal(errno.EPERM)])
    with pytest.raises(PermissionError):
        read_tcp(as_socket(kernel), 1 << LISTEN)
