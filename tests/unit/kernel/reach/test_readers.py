"""Messages of the kernel about devices and sockets, as values."""

import os
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from exporter.core.reach.view import PortAt, Unread
from exporter.errors import SourceError
from exporter.kernel.netlink.inet_diag import QUEUES_AT
from exporter.kernel.netlink.messages import HEADER, InterruptedDumpError, MalformedError, attribute
from exporter.kernel.reach.accept_queues import parse_sockets
from exporter.kernel.reach.bridge_filter import read_bridge_filter
from exporter.kernel.reach.device_settings import answers_arp, routes_loopback
from exporter.kernel.reach.devices import parse_device
from exporter.kernel.reach.parts import read_part
from tests.support.kernel.captured import captured

IFNAME, MTU, MASTER, LINKINFO = 3, 4, 10, 18


def link(*more: bytes, flags: int = 0x10001) -> bytes:
    body = struct.pack("=BBHiII", 0, 0, 1, 7, flags, 0)
    return body + attribute(IFNAME, b"eth0\0") + attribute(MTU, struct.pack("=I", 1500)) + b"".join(more)


def info(kind: str = "", data: bytes = b"", slave: str = "", slave_data: bytes = b"") -> bytes:
    inner = attribute(1, kind.encode() + b"\0") + attribute(2, data) if kind else b""
    if slave:
        inner += attribute(4, slave.encode() + b"\0") + attribute(5, slave_data)
    master = attribute(MASTER, struct.pack("=I", 3)) if slave else b""
    return master + attribute(LINKINFO, inner)


def device(*more: bytes) -> tuple[object, ...]:
    body = link(*more)
    found = parse_device(body, 0, len(body), {7: ("10.0.0.1",)})
    assert found is not None
    assert (found.link.name, found.addresses) == ("eth0", ("10.0.0.1",))
    return found.port_state, found.isolated, sorted(found.filters)


PORT = attribute(1, b"\3") + attribute(33, b"\1")


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (b"", (None, None, [])),
        (info("veth", slave="bridge", slave_data=PORT), (3, True, [])),
        (info("veth", slave="bridge", slave_data=b""), (None, None, [])),
        (info("veth", slave="bond", slave_data=PORT), (None, None, [])),
        (info("bridge", attribute(36, b"\1") + attribute(37, b"\0")), (None, None, [4])),
        (info("bridge", attribute(37, b"\1")), (None, None, [6])),
        (info("vxlan", attribute(36, b"\1")), (None, None, [])),
    ],
)  # fmt: skip
def test_what_a_device_does_with_packets(more: bytes, expected: tuple[object, ...]) -> None:
    assert device(more) == expected


@pytest.mark.parametrize(
    "more", [info("veth", slave="bridge", slave_data=attribute(1, b"\3\0")), info("bridge", attribute(36, b""))]
)
def test_a_switch_of_another_size_is_refused(more: bytes) -> None:
    with pytest.raises(MalformedError):
        device(more)


def test_a_device_has_arp_unless_it_is_switched_off_and_a_port_is_learning_or_not() -> None:
    parsed = [parse_device(body, 0, len(body), {}) for body in (link(), link(flags=0x10081))]
    assert [found.arp for found in parsed if found] == [True, False]
    learning = attribute(8, b"\1"), attribute(8, b"\0"), b""
    bodies = [link(info("veth", slave="bridge", slave_data=data)) for data in learning]
    ports = [parse_device(body, 0, len(body), {}) for body in bodies]
    assert [found.learning for found in ports if found] == [True, False, None]


@pytest.mark.parametrize(
    ("switches", "withheld"),
    [
        ({8: 1, 9: 1, 30: 1}, ""),
        ({}, ""),
        ({8: 1, 9: 0, 30: 1}, ""),
        ({8: 0, 9: 1, 30: 1}, ""),
        ({8: 0, 9: 0, 30: 1}, "frames to addresses that it has not learned"),
        ({8: 1, 9: 0, 30: 1, 39: 1}, "frames to addresses that it has not learned"),
        ({8: 1, 9: 1, 30: 0}, "broadcasts"),
    ],
)
def test_the_frames_that_a_bridge_does_not_send_to_a_port(switches: dict[int, int], withheld: str) -> None:
    data = b"".join(attribute(kind, bytes([value])) for kind, value in switches.items())
    body = link(info("veth", slave="bridge", slave_data=data))
    parsed = parse_device(body, 0, len(body), {})
    assert parsed is not None
    assert (parsed.withheld, parsed.locked) == (withheld, 39 in switches)


def test_a_bridge_filters_vlans_or_does_not() -> None:
    bodies = [
        link(info(kind, attribute(7, value))) for kind, value in (("bridge", b"\1"), ("bridge", b"\0"), ("vlan", b"\1"))
    ]
    assert [found.vlans for body in bodies if (found := parse_device(body, 0, len(body), {}))] == [True, False, False]


def queued(waiting: int, backlog: int) -> frozenset[PortAt]:
    port = (8001).to_bytes(2, "big")
    raw = bytearray(next(raw for raw in captured("sockets_tcp") if raw[HEADER.size + 4 :].startswith(port)))
    struct.pack_into("=II", raw, HEADER.size + QUEUES_AT, waiting, backlog)
    found = parse_sockets(((6, [bytes(raw)]),))
    assert [(one.address, one.port) for one in found.listeners] == [("127.0.0.1", 8001)]
    assert found.queued == ({8001} if 0 < waiting <= backlog else set())
    assert not parse_sockets(((17, [bytes(raw)]),)).full
    return frozenset(found.full)


def test_a_queue_is_full_when_more_wait_than_its_backlog() -> None:
    assert queued(0, 0) == queued(5, 5) == queued(0, 128) == frozenset()
    assert queued(1, 0) == queued(6, 5) == {("tcp", "127.0.0.1", 8001)}


def test_the_switches_of_br_netfilter(tmp_path: Path) -> None:
    assert read_bridge_filter(tmp_path / "bridge") == frozenset()
    (tmp_path / "bridge-nf-call-iptables").write_text("1\n")
    (tmp_path / "bridge-nf-call-ip6tables").write_text("0\n")
    assert sorted(read_bridge_filter(tmp_path)) == [4]


def failing(error: Exception) -> Callable[[], None]:
    def read() -> None:
        raise error

    return read


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (PermissionError(1, "Operation not permitted"), Unread("rules", "the rules cannot be read", "CAP_X")),
        (OSError(105, os.strerror(105)), Unread("rules", f"the rules cannot be read: {os.strerror(105)}")),
        (MalformedError("a rule of 3 bytes"), Unread("rules", "the rules cannot be read: a rule of 3 bytes")),
        (LookupError(), Unread("rules", "the rules cannot be read: LookupError")),
        (SourceError("one"), Unread("rules", "the rules cannot be read: one")),
        (InterruptedDumpError(), Unread("rules", "the rules cannot be read: they change during every dump")),
    ],
)
def test_a_failure_is_the_part_that_is_missing(error: Exception, expected: Unread) -> None:
    assert read_part("rules", "the rules", "CAP_X", failing(error)) == expected


def test_arp_is_not_answered_where_all_or_the_device_says_so(tmp_path: Path) -> None:
    for name, value in (("all", "1"), ("docker0", "8"), ("eth0", "0")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "arp_ignore").write_text(f"{value}\n")
    assert [answers_arp(name, tmp_path) for name in ("all", "docker0", "eth0", "gone")] == [True, False, True, True]


def test_a_device_that_routes_addresses_of_the_loopback(tmp_path: Path) -> None:
    for name, value in (("docker0", 1), ("br-n", 0)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "route_localnet").write_text(f"{value}\n")
    assert [routes_loopback(name, tmp_path) for name in ("docker0", "br-n", "gone")] == [True, False, True]
