"""DNS messages: what is sent, and what is read of an answer, which may be anything."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.kernel.reach.probe.dns import (
    AAAA,
    MAX_ADDRESSES,
    A,
    Answer,
    encode_question,
    encode_request,
    parse_answer,
)

QUESTION = encode_question("web", A)
NUMBER = 4711
OWN_NAME = b"\xc0\x0c"  # a pointer to the name in the question


def record(value: bytes, kind: int = A, owner: bytes = OWN_NAME, cls: int = 1) -> bytes:
    return owner + struct.pack(">HHIH", kind, cls, 600, len(value)) + value


def answer(
    *records: bytes, rcode: int = 0, number: int = NUMBER, question: bytes = QUESTION, flags: int = 0x8180
) -> bytes:
    return struct.pack(">HHHHHH", number, flags | rcode, 1, len(records), 0, 0) + question + b"".join(records)


def test_a_request_is_a_header_and_a_question() -> None:
    sent = encode_request(NUMBER, encode_question("db.front.", AAAA))
    assert sent == struct.pack(">HHHHHH", NUMBER, 0x0100, 1, 0, 0, 0) + b"\x02db\x05front\0\0\x1c\0\1"


@pytest.mark.parametrize("name", ["a_b", "X-1", "a" * 63, ".".join(["a" * 62] * 4), "bücher.example"])
def test_names_that_can_be_sent(name: str) -> None:
    assert encode_question(name, A).endswith(b"\0\0\1\0\1")


@pytest.mark.parametrize("name", ["", ".", "a..b", "a" * 64, ".".join(["a" * 63] * 4), "ü" * 70, "\ud800"])
def test_names_that_cannot(name: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        encode_question(name, A)


def test_addresses_behind_an_alias_count_and_other_records_do_not() -> None:
    alias = record(b"\x02db\0", kind=5)
    found = parse_answer(
        answer(
            alias,
            record(b"\xac\x14\0\2", owner=b"\x02db\0"),
            record(bytes(16), kind=AAAA),
            record(b"\xac\x14\0\3", cls=3),
            record(b"\xac\x14\0\2"),
        ),
        NUMBER,
        QUESTION,
    )
    assert found == Answer("NOERROR", ("172.20.0.2",))


def test_an_ipv6_address() -> None:
    question = encode_question("web", AAAA)
    raw = answer(record(bytes.fromhex("fd000020000000000000000000000002"), kind=AAAA), question=question)
    assert parse_answer(raw, NUMBER, question) == Answer("NOERROR", ("fd00:20::2",))


@pytest.mark.parametrize(
    ("rcode", "name"), [(1, "FORMERR"), (2, "SERVFAIL"), (3, "NXDOMAIN"), (5, "REFUSED"), (9, "RCODE9")]
)
def test_codes_of_answers(rcode: int, name: str) -> None:
    assert parse_answer(answer(rcode=rcode), NUMBER, QUESTION) == Answer(name)


def test_an_error_without_the_question() -> None:
    assert parse_answer(struct.pack(">HHHHHH", NUMBER, 0x8181, 0, 0, 0, 0), NUMBER, QUESTION) == Answer("FORMERR")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        answer()[:11],
        answer(number=1),
        answer(flags=0x0100),
        answer(flags=0x8980),
        answer(question=encode_question("other", A)),
        struct.pack(">HHHHHH", NUMBER, 0x8180, 0, 0, 0, 0),
        answer(record(b"\xac\x14\0\2"))[:-1],
        answer(record(b"\xac\x14\0\2", owner=b"\x40")),
        answer(record(b"\xac\x14\0\2", owner=b"\x3f" + b"a" * 63 + b"\xff")),
        answer(record(b"\xac\x14\0\2", owner=(b"\x01a" * 200) + b"\0")),
    ],
    ids=[
        "empty", "half a header", "another number", "a request", "another operation", "another question",
        "no question", "half a record", "an unknown label", "a label and no end", "a name without an end",
    ],
)  # fmt: skip
def test_what_is_not_the_answer_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r"answer|record|name"):
        parse_answer(raw, NUMBER, QUESTION)


def test_an_answer_counts_only_so_many_addresses() -> None:
    records = [record(bytes((10, 0, 0, number))) for number in range(60)]
    assert len(parse_answer(answer(*records), NUMBER, QUESTION).addresses) == MAX_ADDRESSES


@given(st.binary(max_size=200), st.integers(0, 0xFFFF))
@settings(max_examples=500, deadline=None)
def test_any_bytes_behind_a_question_are_an_answer_or_refused(rest: bytes, count: int) -> None:
    raw = struct.pack(">HHHHHH", NUMBER, 0x8180, 1, count, 0, 0) + QUESTION + rest
    try:
        found = parse_answer(raw, NUMBER, QUESTION)
    except ValueError:
        return
    assert len(found.addresses) <= MAX_ADDRESSES


@given(st.text(max_size=300))
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_name_or_refused(name: str) -> None:
    try:
        found = encode_question(name, A)
    except ValueError:
        return
    assert len(found) <= 255 + 4
    assert parse_answer(answer(question=found), NUMBER, found) == Answer("NOERROR")
