"""Which sockets stay where one user has very many."""

import socket
import struct

import pytest

from exporter.kernel.sockets.selection import MAX_OF_ROOT, MAX_OF_USER, Row, select

USER = 1000
TCP = socket.IPPROTO_TCP


def row(port: int, uid: int = USER, address: str = "127.0.0.1") -> Row:
    """A socket as sock_diag has it: struct inet_diag_msg."""
    packed = socket.inet_aton(address).ljust(16, b"\0")
    data = struct.pack("!BB2xHH16s16s", 2, 10, port, 0, packed, bytes(16)) + struct.pack("=I8x12xII", 0, uid, port)
    return Row(TCP, data, 0, len(data))


def ports(rows: object) -> list[int]:
    return [int.from_bytes(one.data[4:6], "big") for one in rows]  # type: ignore[attr-defined]


def test_an_ordinary_host_s_sockets_all_stay_in_their_order() -> None:
    rows = [row(port, uid) for port in (22, 80) for uid in (0, USER)]
    assert select(rows, ()).kept == rows


@pytest.mark.parametrize(("uid", "limit"), [(USER, MAX_OF_USER), (0, MAX_OF_ROOT)])
def test_one_user_s_flood_is_cut_and_the_sockets_of_others_stay(uid: int, limit: int) -> None:
    others = [row(port, 33) for port in (80, 443)]
    found = select([*(row(1 + port % 60_000, uid) for port in range(limit + 500)), *others], ())
    assert len(found.kept) == limit + len(others)
    assert {80, 443} <= {port for port, one in zip(ports(found.kept), found.kept, strict=True) if one in others}
    assert (found.omitted, found.hides_declared) == (500, False)


def test_declared_ports_stay_first_then_sockets_of_all_addresses() -> None:
    flood = [row(10_000 + port) for port in range(2 * MAX_OF_USER)]
    found = select([*flood, row(8080), row(9000, address="0.0.0.0")], frozenset({("tcp", 8080)}))
    assert ports(found.kept)[:2] == [8080, 9000]
    assert not found.hides_declared


def test_a_flood_of_one_declared_port_hides_some_of_it() -> None:
    flood = [row(8080, address=f"127.0.{number // 250}.{number % 250 + 1}") for number in range(MAX_OF_USER + 1)]
    assert select(flood, frozenset({("tcp", 8080)})).hides_declared
    assert not select(flood, frozenset({("udp", 8080)})).hides_declared
