"""DNS messages: a request for the addresses of one name, and the answer to it (RFC 1035, RFC 3596).

An answer may come from a program in a container: it is read within bounds, and what has another form is refused.
"""

import struct
from ipaddress import ip_address

from msgspec import Struct

HEADER = struct.Struct(">HHHHHH")  # identifier, flags, questions, answers, authorities, additional records
RECORD = struct.Struct(">HHIH")  # type, class, TTL, length
A, AAAA, INTERNET = 1, 28, 1
SIZES = {A: 4, AAAA: 16}
RECURSION_DESIRED, RESPONSE, RCODE_MASK = 0x0100, 0x8000, 0xF
OPCODE_MASK = 0x7800
POINTER = 0xC0
MAX_LABEL, MAX_NAME, MAX_RECORDS, MAX_ADDRESSES = 63, 253, 64, 16
RCODES = ("NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED")


class Answer(Struct, frozen=True):
    """The code of an answer, and the addresses in it."""

    rcode: str
    addresses: tuple[str, ...] = ()


def encode_question(name: str, kind: int) -> bytes:
    """Encode name, type and class. Raises ValueError for what is not a name."""
    labels = _ascii(name.removesuffix(".")).split(b".")
    if not all(0 < len(label) <= MAX_LABEL for label in labels) or sum(map(len, labels)) + len(labels) > MAX_NAME + 1:
        raise ValueError("not a name of DNS")
    return b"".join(bytes((len(label),)) + label for label in labels) + struct.pack(">BHH", 0, kind, INTERNET)


def _ascii(name: str) -> bytes:
    """Names of containers may have an underscore, which IDNA refuses: it is for other alphabets only."""
    return name.encode("ascii" if name.isascii() else "idna")


def encode_request(identifier: int, question: bytes) -> bytes:
    """Encode a request."""
    return HEADER.pack(identifier, RECURSION_DESIRED, 1, 0, 0, 0) + question


def parse_answer(data: bytes, identifier: int, question: bytes) -> Answer:
    """Parse the answer to a request. Raises ValueError for any other message.

    The addresses of all records count: those of a name's aliases have the owner that the alias names.
    """
    try:
        return _parse_answer(data, identifier, question)
    except (struct.error, IndexError) as error:
        raise ValueError("an answer that is cut off") from error


def _parse_answer(data: bytes, identifier: int, question: bytes) -> Answer:
    number, flags, questions, count, _, _ = HEADER.unpack_from(data)
    if number != identifier or not flags & RESPONSE or flags & OPCODE_MASK:
        raise ValueError("not the answer")
    rcode = flags & RCODE_MASK
    name = RCODES[rcode] if rcode < len(RCODES) else f"RCODE{rcode}"
    if rcode and not questions:
        return Answer(name)
    at = HEADER.size + len(question)
    if questions != 1 or data[HEADER.size : at].lower() != question.lower():
        raise ValueError("the answer to another question")
    kind = int.from_bytes(question[-4:-2], "big")
    found: list[str] = []
    for _ in range(min(count, MAX_RECORDS)):
        at = _skip_name(data, at)
        type_, class_, _, length = RECORD.unpack_from(data, at)
        at += RECORD.size
        value = data[at : at + length]
        if len(value) != length:
            raise ValueError("a record that is cut off")
        if (type_, class_, length) == (kind, INTERNET, SIZES[kind]):
            found.append(str(ip_address(value)))
        at += length
    return Answer(name, tuple(dict.fromkeys(found))[:MAX_ADDRESSES])


def _skip_name(data: bytes, at: int) -> int:
    """Return where a name ends; a pointer ends it, and is not followed."""
    start = at
    while length := data[at]:
        if length & POINTER == POINTER:
            return at + 2
        if length > MAX_LABEL or at - start > MAX_NAME + 1:
            raise ValueError("a name in an unknown form")
        at += 1 + length
    return at + 1
