"""One question to a name server, and a name server that knows one name."""

import os
import socket
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address, IPv6Address

from tests.support.private_host.uplink import OUTSIDE_ADDRESS
from tests.support.waiting import until
from tests.truth.lab import Lab

A, AAAA, IN = 1, 28, 1
NOERROR, NXDOMAIN = 0, 3
RECURSION_DESIRED = 0x0100
HEADER = struct.Struct(">6H")
RECORD = struct.Struct(">HHIH")
KNOWN = "www.example.com"
TIMED_OUT = "no answer"
SECONDS = 2.5


def question(name: str, kind: int) -> bytes:
    """A standard query of RFC 1035, section 4."""
    number = int.from_bytes(os.urandom(2), "big")
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.rstrip(".").split("."))
    return HEADER.pack(number, RECURSION_DESIRED, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">HH", kind, IN)


def ask(server: str, name: str, kind: int) -> tuple[str, list[str]]:
    """Ask over UDP in this thread's namespace; the rcode as a number or the socket's error, and the addresses."""
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.settimeout(SECONDS)
        try:
            sock.connect((server, 53))
            sock.send(question(name, kind))
            answer = sock.recv(4096)
        except TimeoutError:
            return TIMED_OUT, []
        except OSError as error:
            return str(error), []
    return str(answer[3] & 15), addresses(answer)


def addresses(answer: bytes) -> list[str]:
    """The addresses of the records A and AAAA in the answer section."""
    _, _, questions, records, _, _ = HEADER.unpack_from(answer)
    at = HEADER.size
    for _ in range(questions):
        at = _after_name(answer, at) + 4
    found = []
    for _ in range(records):
        at = _after_name(answer, at)
        kind, _, _, length = RECORD.unpack_from(answer, at)
        at += RECORD.size
        data = answer[at : at + length]
        at += length
        if kind in (A, AAAA):
            found.append(str(IPv4Address(data) if kind == A else IPv6Address(data)))
    return found


def _after_name(answer: bytes, at: int) -> int:
    while length := answer[at]:
        if length & 0xC0:
            return at + 2
        at += length + 1
    return at + 1


@contextmanager
def serving(lab: Lab) -> Iterator[None]:
    """A name server outside that knows `KNOWN` alone, which has the address of the server outside."""
    process = lab.host.popen(sys.executable, "-m", __name__, outside=True)
    try:
        until(lambda: ":53 " in lab.sh("ss -Hlnu", far=True), 20, "a name server")
        yield
    finally:
        process.kill()
        process.wait(20)


def _serve() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("0.0.0.0", 53))
        while True:
            asked, client = sock.recvfrom(4096)
            sock.sendto(reply(asked), client)


def reply(asked: bytes) -> bytes:
    """The answer of the name server to a question."""
    end = _after_name(asked, HEADER.size)
    known = asked[HEADER.size : end] == question(KNOWN, A)[HEADER.size : -4]
    kind = int.from_bytes(asked[end : end + 2], "big")
    record = b""
    if known and kind == A:
        record = b"\xc0\x0c" + RECORD.pack(A, IN, 60, 4) + IPv4Address(OUTSIDE_ADDRESS).packed
    flags = 0x8180 | (NOERROR if known else NXDOMAIN)
    return asked[:2] + HEADER.pack(0, flags, 1, int(bool(record)), 0, 0)[2:] + asked[HEADER.size : end + 4] + record


if __name__ == "__main__":
    _serve()
