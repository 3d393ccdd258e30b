"""Forwarding tables of bridges in a network namespace of the test's own."""

import socket
import subprocess
from collections.abc import Callable, Mapping

import pytest

from exporter.kernel.links.fdb import (
    LearnedSource,
    parse_learned,
    read_tables,
)
from exporter.kernel.netlink.client import open_socket
from tests.support.kernel.own_namespace import carries, ip, send_frames
from tests.support.waiting import until


def read_learned(sock: socket.socket) -> Mapping[int, int]:
    """By the kernel's own counts, where it has them."""
    return LearnedSource(sock).read()


def read_learned_by_rows(sock: socket.socket) -> dict[int, int]:
    """As it is done on older kernels."""
    return parse_learned(read_tables(sock))


@pytest.mark.usefixtures("namespace")
def test_two_bridges_learn_from_what_their_ports_send() -> None:
    for bridge in ("br-front", "br-back", "br-quiet"):
        ip(f"link add {bridge} type bridge")
        ip(f"link set {bridge} up")
    for number, bridge in enumerate(("br-front", "br-front", "br-back")):
        ip(f"link add veth{number} type veth peer name eth{number}")
        ip(f"link set veth{number} master {bridge} up")
        ip(f"link set eth{number} up")
        carries(f"eth{number}")
    subprocess.run(["bridge", "fdb", "add", "02:00:00:00:00:63", "dev", "veth1", "master", "static"], check=True)
    names = {int(line.split(":")[0]): line.split(": ")[1] for line in ip("-o link show type bridge").splitlines()}
    with open_socket() as sock:

        def learned(count: Callable[[socket.socket], Mapping[int, int]]) -> dict[str, int]:
            return {names[ifindex]: number for ifindex, number in count(sock).items() if number}

        for read in (read_learned, read_learned_by_rows):
            assert learned(read) == {}
        send_frames("eth0", 1, 60)  # all from the same address
        send_frames("eth2", 3, 60)
        both = {"br-front": 1, "br-back": 1}
        until(lambda: learned(read_learned) == both, 60, "the frames at the bridges")
        assert learned(read_learned_by_rows) == both
        ip("link set veth0 nomaster")
        for read in (read_learned, read_learned_by_rows):
            assert learned(read) == {"br-back": 1}
