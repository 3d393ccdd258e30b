"""Attributes of sockets that the kernel shows to CAP_NET_ADMIN, and connections that nobody has accepted."""

import socket
import struct

import pytest

from exporter.kernel.netlink.inet_diag import INET_DIAG_INFO, REST, REST_AT
from exporter.kernel.netlink.messages import HEADER, MalformedError, attribute
from exporter.kernel.reach.socket_options import INET_DIAG_MARK, INET_DIAG_MD5SIG, parse_keys, parse_mark
from exporter.kernel.reach.unaccepted import parse_ages
from tests.support.kernel.captured import captured


def key(family: int, prefix: int, address: bytes) -> bytes:
    """Struct tcp_diag_md5sig."""
    return struct.pack("=BBH16s80s", family, prefix, 6, address, b"secret")


def test_keys_are_the_networks_of_peers_and_nothing_else() -> None:
    found = key(socket.AF_INET, 24, bytes([192, 0, 2, 0])) + key(socket.AF_INET6, 8, b"\xfd")
    assert parse_keys({INET_DIAG_MD5SIG: found}) == ("192.0.2.0/24", "fd00::/8")
    assert parse_keys({INET_DIAG_MD5SIG: key(socket.AF_INET, 0, b"")}) == ("0.0.0.0/0",)
    assert parse_keys({}) == ()


@pytest.mark.parametrize("packed", [b"\0", key(1, 0, b""), key(socket.AF_INET, 33, b"")])
def test_a_key_of_another_form_is_refused(packed: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_keys({INET_DIAG_MD5SIG: packed})


def test_a_mark() -> None:
    assert parse_mark({INET_DIAG_MARK: struct.pack("=I", 5)}) == 5
    assert parse_mark({}) == 0


def connection(inode: int, data: int, ack: int, size: int = 60) -> bytes:
    """A socket with struct tcp_info: milliseconds since its peer sent data, and since it acknowledged anything."""
    raw = next(iter(captured("sockets_tcp")))
    body = bytearray(raw[HEADER.size : HEADER.size + REST_AT + REST.size])
    struct.pack_into("=I", body, len(body) - 4, inode)
    info = struct.pack("=52xII", data, ack)[:size]
    body += attribute(INET_DIAG_INFO, info)
    kind = struct.unpack_from("=IH", raw)[1]
    return HEADER.pack(HEADER.size + len(body), kind, 0, 1, 0) + bytes(body)


def test_a_connection_waits_since_its_peer_last_sent_anything() -> None:
    found = [connection(0, 3500, 9000), connection(0, 700, 700), connection(77, 9000, 9000)]
    assert list(parse_ages(found)) == [3.5, 0.7]
    assert list(parse_ages([connection(0, 3500, 9000, size=40)])) == []
