"""Keys and addresses of the kernel's maps as values, and the interest that is written to them."""

import ipaddress

import pytest

from exporter.core.connections.reading import NONE_LIVING, Counts, Living
from exporter.kernel.bpf.tracing import callback_btf
from exporter.kernel.connections.counter import parse_address, parse_end, parse_prefix, parse_row
from exporter.kernel.connections.records import ACCEPTED, CONNECTED, Key, Sums

ID = "ab" * 32


def packed(address: str) -> bytes:
    parsed = ipaddress.ip_address(address)
    return b"\0" * 10 + b"\xff\xff" + parsed.packed if parsed.version == 4 else parsed.packed


@pytest.mark.parametrize("address", ["10.1.2.3", "fd00::1", "::1"])
def test_an_address_is_written_in_its_own_family(address: str) -> None:
    assert parse_address(packed(address)) == address


@pytest.mark.parametrize(
    ("text", "bits", "address"),
    [("10.1.0.0/16", 112, "10.1.0.0"), ("10.1.2.3/16", 112, "10.1.0.0"), ("fd00::/64", 64, "fd00::")],
)
def test_a_network_is_a_prefix_of_ipv6(text: str, bits: int, address: str) -> None:
    assert parse_prefix(text) == bits.to_bytes(4, "little") + packed(address)


@pytest.mark.parametrize("name", [ID, f"docker-{ID}.scope"])
def test_a_containers_cgroup_is_its_id(name: str) -> None:
    assert parse_end(Key(), name).container_id == ID


@pytest.mark.parametrize("name", ["", "ssh.service", "x" * 64])
def test_another_cgroup_is_not_a_containers(name: str) -> None:
    assert parse_end(Key(), name).container_id == ""


def test_an_end_has_the_fields_of_its_key() -> None:
    key = Key(netns_cookie=7, netns=9, port=80, role=CONNECTED, proxy=1)
    key.local[:], key.remote[:] = packed("10.0.0.2"), packed("10.0.0.3")
    end = parse_end(key, "")
    assert (end.netns_cookie, end.netns, end.port, end.connected, end.proxy) == (7, 9, 80, True, True)
    assert (end.local, end.remote) == ("10.0.0.2", "10.0.0.3")


def test_an_address_that_was_not_kept_is_empty() -> None:
    assert parse_end(Key(role=ACCEPTED), "").remote == ""


ENDED = {name: 100 + place for place, (name, _) in enumerate(Sums._fields_)}
LIVES = {"established": 3, "connecting": 2, "sent": 1000, "received": 2000, "retransmitted": 4000}


def test_a_row_has_what_ended_by_name() -> None:
    row = parse_row(b"key", parse_end(Key(), ""), bytes(Sums(**ENDED)), None)
    assert row.counts._asdict() == {name: ENDED[name] for name in Counts._fields}
    assert (row.identity, row.living, row.final) == (b"key", NONE_LIVING, False)


def test_what_lives_has_moved_bytes_and_segments_too() -> None:
    living = bytes(Sums(**LIVES, round_trip_us=80, round_trips=1))
    row = parse_row(b"key", parse_end(Key(), ""), bytes(Sums(**ENDED)), living)
    moved = {name: ENDED[name] + LIVES[name] for name in ("sent", "received", "retransmitted")}
    assert row.counts._asdict() == {name: ENDED[name] for name in Counts._fields} | moved
    assert row.living == Living(established=3, connecting=2, round_trip_us=80, round_trips=1)


def test_the_types_of_a_callback_have_their_lengths_in_the_header() -> None:
    data = callback_btf()
    magic, length = int.from_bytes(data[:2], "little"), int.from_bytes(data[4:8], "little")
    types, strings = int.from_bytes(data[12:16], "little"), int.from_bytes(data[20:24], "little")
    assert (magic, length + types + strings) == (0xEB9F, len(data))
