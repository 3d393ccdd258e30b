"""The wire format, requests and their answers, and the two places where the kernel puts an error."""

import errno
import tracemalloc

import pytest
from pyroute2.netlink import NLM_F_DUMP, NLM_F_DUMP_INTR
from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg
from pyroute2.netlink.rtnl.marshal import MarshalRtnl

from exporter.kernel.netlink.client import ask, ask_again
from exporter.kernel.netlink.messages import (
    NLM_F_MULTI,
    InterruptedDumpError,
    MalformedError,
    attribute,
    attributes,
    message,
    messages,
    raise_error,
)
from tests.support.kernel.messages import FakeSocket, always, as_socket, done, raw_attribute, refusal, reply

TORN = NLM_F_MULTI | NLM_F_DUMP_INTR


def bodies(data: bytes) -> list[tuple[int, bytes]]:
    return [(kind, data[start:end]) for kind, _, _, start, end in messages(data)]


def test_messages_of_odd_length_are_walked_over_their_padding() -> None:
    assert bodies(reply(16, b"abc") + reply(17, b"") + reply(18, b"abcde")) == [(16, b"abc"), (17, b""), (18, b"abcde")]


def test_nothing_holds_no_message() -> None:
    assert bodies(b"") == []


@pytest.mark.parametrize(
    "rest",
    [reply(17, b"")[:15], bytes(32), reply(17, bytes(100))[:-4]],
    ids=["half a header", "a length below a header", "half a message"],
)
def test_a_datagram_that_its_messages_do_not_fill_is_malformed_after_them(rest: bytes) -> None:
    found = messages(reply(16, b"abcd") + rest)
    assert next(found) == (16, NLM_F_MULTI, 1, 16, 20)
    with pytest.raises(MalformedError, match=f"a datagram of {20 + len(rest)} bytes has no valid message at byte 20"):
        next(found)


def test_attributes_are_walked_over_their_padding() -> None:
    data = attribute(1, b"a") + attribute(2, b"abcd") + attribute(3, b"abcdefg")
    assert attributes(data, 0, len(data)) == {1: b"a", 2: b"abcd", 3: b"abcdefg"}


def test_an_attribute_without_payload_is_empty_and_the_next_one_is_found() -> None:
    data = attribute(1, b"") + attribute(2, b"x")
    assert attributes(data, 0, len(data)) == {1: b"", 2: b"x"}


@pytest.mark.parametrize("length", [0, 1, 3])
def test_an_attribute_shorter_than_its_own_head_is_malformed(length: int) -> None:
    data = attribute(1, b"x") + raw_attribute(length, 2) + attribute(3, b"y")
    with pytest.raises(MalformedError, match=f"attribute 2 has {length} bytes where 12 are left"):
        attributes(data, 0, len(data))


def test_the_nested_mark_is_no_part_of_an_attributes_type() -> None:
    data = attribute(18 | 0x8000, b"abcd")
    assert attributes(data, 0, len(data)) == {18: b"abcd"}


def test_of_a_repeated_attribute_the_last_one_counts() -> None:
    data = attribute(1, b"old") + attribute(1, b"new")
    assert attributes(data, 0, len(data)) == {1: b"new"}


def test_a_request_is_what_the_reference_encodes() -> None:
    reference = ifinfmsg()
    reference["attrs"] = [("IFLA_IFNAME", "eth0")]
    reference["header"] = {"type": 18, "flags": 1 | NLM_F_DUMP, "sequence_number": 7, "pid": 0}
    reference.encode()
    assert message(18, NLM_F_DUMP, bytes(16) + attribute(3, b"eth0\0"), 7) == bytes(reference.data)


def test_what_is_encoded_is_decoded_by_the_reference() -> None:
    (decoded,) = MarshalRtnl().parse(message(16, 0, bytes(16) + attribute(4, b"\xdc\5\0\0")))
    assert decoded.get_attr("IFLA_MTU") == 1500


def test_a_refused_dump_tells_its_error_inside_its_end() -> None:
    data = done(error=errno.EPERM)
    with pytest.raises(PermissionError):
        raise_error(data, 16, len(data))


def test_an_end_without_a_number_is_no_error() -> None:
    data = reply(3, b"")
    raise_error(data, 16, len(data))


def test_a_dump_is_collected_over_datagrams_until_its_end() -> None:
    sock = FakeSocket(always(reply(16, b"one.") + reply(16, b"two."), reply(16, b"three...") + done()))
    answers = ask(as_socket(sock), b"\x10\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0")
    assert [bytes(data[start:end]) for _, data, start, end in answers] == [b"one.", b"two.", b"three..."]


def test_a_single_answer_needs_no_end() -> None:
    sock = FakeSocket(always(reply(88, b"abcd", flags=0)))
    assert [kind for kind, *_ in ask(as_socket(sock), bytes(16))] == [88]


@pytest.mark.parametrize("answer", [refusal(errno.EPERM), done(error=errno.EPERM), reply(16, b"") + done(error=1)])
def test_a_refusal_is_raised_wherever_the_kernel_tells_it(answer: bytes) -> None:
    with pytest.raises(PermissionError):
        ask(as_socket(FakeSocket(always(answer))), bytes(16))


@pytest.mark.parametrize(
    "datagrams",
    [[reply(16, b"", flags=TORN), reply(16, b"") + done()], [reply(16, b""), done(flags=TORN)]],
    ids=["a record", "the end"],
)
def test_an_interrupted_dump_is_no_state_and_is_read_to_its_end(datagrams: list[bytes]) -> None:
    sock = FakeSocket(always(*datagrams))
    with pytest.raises(InterruptedDumpError):
        ask(as_socket(sock), bytes(16))
    with pytest.raises(TimeoutError):
        sock.recv(0)


def test_an_interrupted_dump_is_asked_for_again() -> None:
    sock = FakeSocket(always(done(flags=TORN)), always(reply(16, b"good") + done()))
    assert len(ask_again(as_socket(sock), bytes(16))) == 1
    assert len(sock.requests) == 2


def test_a_dump_that_is_interrupted_every_time_is_given_up() -> None:
    sock = FakeSocket(*[always(done(flags=TORN))] * 9)
    with pytest.raises(InterruptedDumpError):
        ask_again(as_socket(sock), bytes(16))
    assert len(sock.requests) == 5


def test_silence_is_a_time_out() -> None:
    with pytest.raises(TimeoutError):
        ask(as_socket(FakeSocket()), bytes(16))


def test_nothing_is_kept_of_questions_that_were_answered() -> None:
    """An exporter asks some thousand times a day, for months."""

    def many() -> None:
        for _ in range(2_000):
            ask(as_socket(FakeSocket(always(done()))), bytes(16))

    many()
    tracemalloc.start()
    try:
        many()
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 2_000
