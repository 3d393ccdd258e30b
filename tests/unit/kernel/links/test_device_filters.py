"""Messages about qdiscs, filters and XDP, put together as the kernel does."""

import struct

import pytest

from exporter.core.model.device_filters import DeviceFilter
from exporter.kernel.links.device_filters import (
    TCMSG,
    default_class,
    is_xdp_attached,
    loses,
    parse_class,
    parse_filter,
    parse_qdisc,
    slow_class,
)
from exporter.kernel.links.links import IFINFOMSG
from exporter.kernel.netlink.messages import MalformedError, attribute


def netem(loss: int, *more: bytes) -> bytes:
    """Struct tc_netem_qopt with a share of 2^32, and attributes."""
    return struct.pack("=6I", 0, 1000, loss, 0, 0, 0) + b"".join(more)


def tbf(rate: int, burst: int, limit: int, rate64: int = 0) -> bytes:
    """Struct tc_tbf_qopt: bytes per second, and bytes."""
    buffer = burst * 10**9 // (rate64 or rate) // 64 + 1
    values = struct.pack("=8xI12x3I", rate, limit, buffer, 0)
    return attribute(1, values) + (attribute(4, struct.pack("=Q", rate64)) if rate64 else b"")


@pytest.mark.parametrize(
    ("name", "options", "lossy"),
    [
        ("fq_codel", b"", False),
        ("noqueue", b"", False),
        ("blackhole", b"", True),
        ("pfifo", bytes(4), True),
        ("pfifo", struct.pack("=I", 1000), False),
        ("bfifo", struct.pack("=I", 1513), True),
        ("bfifo", struct.pack("=I", 1514), False),
        ("netem", netem(0), False),
        ("netem", netem(1 << 31), True),
        ("netem", netem(0, attribute(1, bytes(12))), False),
        ("netem", netem(0, attribute(5, bytes(16))), True),
        ("netem", b"\0\0", True),
        ("tbf", tbf(125_000, 32_000, 100_000), False),
        ("tbf", tbf(1, 50, 50), True),
        ("tbf", tbf(125_000, 32_000, 1_000), True),
        ("tbf", tbf(1_000, 32_000, 100_000), True),
        ("tbf", tbf(0xFFFFFFFF, 40_000, 100_000, 10_000_000_000), False),
        ("tbf", b"", True),
        ("htb", b"", False),
        ("hfsc", struct.pack("=H", 0), True),
        ("hfsc", struct.pack("=H", 1), False),
        ("drr", b"", True),
    ],
)
def test_a_qdisc_loses_packets_or_does_not(name: str, options: bytes, *, lossy: bool) -> None:
    assert loses(name, options) is lossy


def test_a_qdisc_has_a_device_a_kind_and_options() -> None:
    body = TCMSG.pack(0, 0, 0, 7, 0x80010000, 0xFFFFFFFF, 2) + attribute(1, b"netem\0") + attribute(2, netem(5))
    assert parse_qdisc(body, 0, len(body)) == (7, "netem", netem(5))


def test_the_default_class_of_an_htb_and_its_ceiling() -> None:
    assert default_class(attribute(2, struct.pack("=5I", 3, 10, 0x10, 0, 0))) == 0x10
    assert default_class(b"") == 0
    parameters = attribute(1, struct.pack("=8xI8xI20x", 1, 7))
    body = TCMSG.pack(0, 0, 0, 7, 0x10010, 0, 0) + attribute(1, b"htb\0") + attribute(2, parameters)
    assert parse_class(body, 0, len(body)) == (0x10, 7)
    body = TCMSG.pack(0, 0, 0, 7, 0x10010, 0, 0) + attribute(2, parameters + attribute(7, struct.pack("=Q", 1 << 33)))
    assert parse_class(body, 0, len(body)) == (0x10, 1 << 33)


@pytest.mark.parametrize(
    ("default", "classes", "found"),
    [
        (0x10, [(0x10, 1), (0x20, 1)], "the default class of qdisc htb"),
        (0x10, [(0x10, 1514), (0x20, 1)], "class 20 of qdisc htb"),  # a filter may choose it
        (0, [(0x10, 1513)], "class 10 of qdisc htb"),
        (0x10, [(0x10, 1514), (0x20, 1514)], ""),
        (0x10, [], ""),
    ],
)
def test_a_class_in_which_a_frame_takes_a_second(default: int, classes: list[tuple[int, int]], found: str) -> None:
    assert slow_class(default, classes) == found


def test_a_filter_is_named_by_its_kind_and_preference() -> None:
    body = TCMSG.pack(0, 0, 0, 7, 1, 0xFFFFFFF2, 10 << 16 | 8) + attribute(1, b"u32\0") + attribute(2, b"\0" * 8)
    assert parse_filter(7, "ingress", body, 0, len(body)) == DeviceFilter(7, "ingress", "tc filter u32 (pref 10)")


@pytest.mark.parametrize("length", [0, TCMSG.size - 1])
def test_half_a_message_is_refused(length: int) -> None:
    with pytest.raises(MalformedError):
        parse_qdisc(bytes(length), 0, length)
    with pytest.raises(MalformedError):
        parse_filter(7, "ingress", bytes(length), 0, length)


@pytest.mark.parametrize(
    ("xdp", "attached"),
    [
        (b"", False),
        (attribute(43, attribute(2, b"\0")), False),
        (attribute(43, attribute(2, b"\2") + attribute(4, struct.pack("=I", 9))), True),
    ],
)
def test_a_link_has_an_xdp_program_or_none(xdp: bytes, *, attached: bool) -> None:
    body = IFINFOMSG.pack(0, 0, 1, 7, 0, 0) + attribute(3, b"eth0\0") + xdp
    assert is_xdp_attached(body, 0, len(body)) is attached
