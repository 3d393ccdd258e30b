"""Addresses inside a namespace: as the kernel answers a dump, and as /proc shows them."""

import struct

import pytest

from exporter.kernel.namespaces.addresses import (
    IFADDRMSG,
    parse_address,
    parse_if_inet6,
    parse_route_table,
    read_interface_addresses,
)
from exporter.kernel.netlink.messages import MalformedError, attribute
from tests.support.kernel.messages import FakeSocket, as_socket, done, reply

NEWADDR = 20
ETH0 = bytes([192, 0, 2, 20])
# Linux 6.18: a container on an ipvlan in L2 mode.
ROUTE = """\
Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT            \n\
eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0                                                      \n\
eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0                                                      \n\
eth1\t006433C6\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0                                                      \n"""
IF_INET6 = """\
00000000000000000000000000000001 01 80 10 80       lo
20010db8000000000000000000000020 07 40 00 80     eth0
fe800000000000005054000012345656 07 40 20 80     eth0
"""


def body(address: bytes, ifindex: int = 7, nsid: int | None = 3, scope: int = 0) -> bytes:
    family = 2 if len(address) == 4 else 10
    told = b"" if nsid is None else attribute(10, struct.pack("=i", nsid))
    return IFADDRMSG.pack(family, 24, 0, scope, ifindex) + attribute(1, address) + attribute(2, address) + told


def test_each_address_is_a_network_of_one() -> None:
    six = bytes.fromhex("20010db8000000000000000000000020")
    answers = [body(bytes([127, 0, 0, 1]), 1), body(ETH0), body(six), body(six, scope=253)]
    sock = FakeSocket(lambda sequence: [*(reply(NEWADDR, one, sequence) for one in answers), done(sequence)])
    assert read_interface_addresses(as_socket(sock), 3) == {
        1: ("127.0.0.1/32",),
        7: ("192.0.2.20/32", "2001:db8::20/128"),
    }


@pytest.mark.parametrize("nsid", [None, 4])
def test_an_answer_about_another_namespace_is_none(nsid: int | None) -> None:
    """Kernels before 4.20 do not know the attribute and answer for the socket's own namespace."""
    answer = body(ETH0, nsid=nsid)
    assert parse_address(answer, 0, len(answer), 3) is None


@pytest.mark.parametrize("answer", [b"\2", body(b"\1\2\3")])
def test_another_form_is_an_error(answer: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_address(answer, 0, len(answer), 3)


def test_connected_networks_are_those_without_a_gateway() -> None:
    assert parse_route_table(ROUTE) == {
        "eth0": ("192.0.2.0/255.255.255.0",),
        "eth1": ("198.51.100.0/255.255.255.0",),
    }


def test_global_addresses_of_ipv6_are_read_by_device() -> None:
    assert parse_if_inet6(IF_INET6) == {"eth0": ("2001:db8::20/128",)}
