"""What the program leaves in its maps, turned into values."""

import ctypes
import socket

import pytest

from exporter.core.ports.bind_failures import RefusedBind
from exporter.kernel.bind_failures.records import Refusal, Tally, parse_refusal

ID = "0123456789abcdef" * 4


def element(
    protocol: int = socket.IPPROTO_TCP, cgroup: bytes = b"", process: bytes = b"nginx"
) -> tuple[Refusal, Tally]:
    """Somebody was refused 127.0.0.1:80 seven times, at last 2.5 seconds after the machine's start."""
    address = (ctypes.c_uint8 * 16)(127, 0, 0, 1)
    key = Refusal(9, 4026531833, socket.AF_INET, protocol, address, 80, process=process, cgroup=cgroup)
    return key, Tally(7, 2_500_000_000, 4711)


def test_an_element_becomes_a_value() -> None:
    assert parse_refusal(*element(cgroup=f"docker-{ID}.scope".encode()), times=3, clock=1000.0) == RefusedBind(
        cgroup_id=9,
        container_id=ID,
        netns=4026531833,
        pid=4711,
        comm="nginx",
        protocol="tcp",
        address="127.0.0.1",
        port=80,
        at=1002.5,
        times=3,
    )


@pytest.mark.parametrize(("protocol", "name"), [(6, "tcp"), (262, "tcp"), (17, "udp"), (132, "sctp")])
def test_protocols_have_their_names(protocol: int, name: str) -> None:
    refused = parse_refusal(*element(protocol), times=1, clock=0)
    assert refused
    assert refused.protocol == name


@pytest.mark.parametrize("protocol", [1, 58, 136], ids=["ICMP", "ICMPv6", "UDP-Lite"])
def test_what_shares_no_ports_with_containers_is_left_out(protocol: int) -> None:
    assert parse_refusal(*element(protocol), times=1, clock=0) is None


def test_a_process_may_be_called_anything() -> None:
    refused = parse_refusal(*element(process=b"nginx \xe9\xff"), times=1, clock=0)
    assert refused
    assert refused.comm == "nginx \N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}"


def test_a_key_has_no_byte_that_no_field_names() -> None:
    """What lies between fields would be compared too."""
    assert ctypes.sizeof(Refusal) == sum(getattr(Refusal, name).size for name, *_ in Refusal._fields_)
