"""Errors that routers report, echoes and their replies, as bytes."""

import errno
import socket
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.core.reach.tried import FAILED, NO_HOST, REFUSED
from exporter.kernel.reach.probe.echo import VERSIONS, checksum, is_reply, request
from exporter.kernel.reach.probe.sockets import endpoint, has_route, outcome_of, parse_offender

V4, V6 = VERSIONS[socket.AF_INET], VERSIONS[socket.AF_INET6]
TOKEN = b"12345678"


def extended(origin: int, address: bytes) -> bytes:
    return struct.pack("=IBBBBII", errno.EHOSTUNREACH, origin, 3, 10, 0, 0, 0) + address


@pytest.mark.parametrize(
    ("data", "offender"),
    [
        (extended(2, struct.pack("=HH4s8x", socket.AF_INET, 0, b"\xac\x14\0\1")), "172.20.0.1"),
        (extended(3, struct.pack("=HHI16sI", socket.AF_INET6, 0, 0, b"\xfd" + bytes(14) + b"\1", 0)), "fd00::1"),
        (extended(1, struct.pack("=HH4s8x", socket.AF_INET, 0, b"\xac\x14\0\1")), ""),
        (extended(2, struct.pack("=HH4s8x", socket.AF_UNSPEC, 0, b"\xac\x14\0\1")), ""),
        (extended(2, struct.pack("=HH", socket.AF_INET, 0)), ""),
        (extended(2, b""), ""),
        (b"\2", ""),
    ],
    ids=["IPv4", "IPv6", "this namespace", "no family", "no address", "nothing", "cut off"],
)
def test_the_router_that_reported_an_error(data: bytes, offender: str) -> None:
    assert parse_offender(data) == offender


@given(st.binary(max_size=64))
@settings(max_examples=300, deadline=None)
def test_any_bytes_have_an_offender_or_none(data: bytes) -> None:
    assert isinstance(parse_offender(data), str)


def test_an_unknown_error_has_the_systems_text() -> None:
    assert outcome_of(errno.ECONNREFUSED) == (REFUSED, "")
    assert outcome_of(errno.EHOSTUNREACH) == (NO_HOST, "")
    assert outcome_of(errno.EINVAL) == (FAILED, "Invalid argument")


@pytest.mark.parametrize(("version", "header"), [(V4, 20), (V6, 40)])
def test_an_echo_has_its_size_and_its_reply_its_token(version: object, header: int) -> None:
    found = VERSIONS[socket.AF_INET if version is V4 else socket.AF_INET6]
    sent = request(found, TOKEN, 1500)
    assert len(sent) == 1500 - header
    assert checksum(sent) == 0
    reply = bytes((found.reply,)) + sent[1:]
    assert is_reply(reply, found, TOKEN)
    assert not is_reply(sent, found, TOKEN)
    assert not is_reply(reply, found, b"87654321")
    assert not is_reply(reply[:10], found, TOKEN)


def test_a_zone_that_is_not_a_device_is_an_os_error() -> None:
    assert endpoint("172.20.0.1", 53) == ("172.20.0.1", 53)
    assert endpoint("fd00::1", 53) == ("fd00::1", 53, 0, 0)
    with pytest.raises(OSError, match=r".+"):
        endpoint("fe80::1%nodevice", 53)


@pytest.mark.parametrize("text", ["", "web", "172.20.0.1.2", "fe80::1%nodevice"])
def test_what_is_not_an_address_has_no_route(text: str) -> None:
    assert not has_route(text)
