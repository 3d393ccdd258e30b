"""Listeners of another network namespace: recorded files of /proc."""

import os
import socket
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from exporter.core.model.sockets import ListeningSocket
from exporter.kernel.netlink.inet_diag import LISTEN, UNCONNECTED
from exporter.kernel.sockets.namespace_sockets import parse_address, parse_file, read_files, read_namespace_sockets
from tests.support.builders import run

ID = "c3" * 32

# Linux 6.18, little-endian.
HEAD = (
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"
    "                                                     \n"
)
TCP = HEAD + (
    "   0: 0100007F:1F41 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 6559435 1 "
    "00000000d2f7ab33 100 0 0 10 0                     \n"
    "   1: 0100007F:D6D8 0100007F:1F41 01 00000000:00000000 00:00000000 00000000     0        0 6559441 1 "
    "0000000013e4fd97 20 4 30 10 -1                    \n"
)
TCP6 = HEAD + (
    "   0: 0000000000000000FFFF00000100007F:1F44 00000000000000000000000000000000:0000 0A 00000000:00000000 "
    "00:00000000 00000000     0        0 6559438 1 0000000078c0c4b8 100 0 0 10 0\n"
    "   1: B80D0120000000000000000001000000:1F42 00000000000000000000000000000000:0000 0A 00000000:00000000 "
    "00:00000000 00000000     0        0 6559436 1 0000000078c0c4b8 100 0 0 10 0\n"
)
UDP = HEAD.replace("  sl", "   sl") + (
    " 3120: 00000000:1F47 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 6559443 2 "
    "00000000a0b1c2d3 0         \n"
    " 3123: 0100007F:1F4A 0100007F:0009 01 00000000:00000000 00:00000000 00000000     0        0 6559446 2 "
    "00000000a0b1c2d4 0         \n"
)

on_little_endian = pytest.mark.skipif(sys.byteorder != "little", reason="the recorded files are little-endian")


@on_little_endian
def test_the_files_of_a_process_tell_who_listens_and_nothing_of_connections(tmp_path: Path) -> None:
    for name, text in (("tcp", TCP), ("tcp6", TCP6), ("udp", UDP), ("udp6", HEAD)):
        (tmp_path / name).write_text(text)
    assert read_files(tmp_path) == (
        ListeningSocket("tcp", "127.0.0.1", 8001, inode=6559435, uid=1000),
        ListeningSocket("tcp", "::ffff:127.0.0.1", 8004, inode=6559438),
        ListeningSocket("tcp", "2001:db8::1", 8002, inode=6559436),
        ListeningSocket("udp", "0.0.0.0", 8007, inode=6559443),
    )


@on_little_endian
def test_a_kernel_without_ipv6_has_two_files_less(tmp_path: Path) -> None:
    (tmp_path / "tcp").write_text(TCP)
    (tmp_path / "udp").write_text(UDP)
    assert [found.port for found in read_files(tmp_path)] == [8001, 8007]


def test_a_process_without_any_of_them_is_gone(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_files(tmp_path)


def test_an_empty_table_has_nobody() -> None:
    assert list(parse_file(HEAD, "tcp", LISTEN, socket.AF_INET)) == []
    assert list(parse_file(HEAD, "udp", UNCONNECTED, socket.AF_INET6)) == []


@pytest.mark.parametrize("address", ["10.1.2.3", "255.255.255.254", "::1", "fe80::1:2:3", "::"])
def test_an_address_is_read_in_the_machines_byte_order(address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    packed = socket.inet_pton(family, address)
    words = [int.from_bytes(packed[at : at + 4], sys.byteorder) for at in range(0, len(packed), 4)]
    assert parse_address("".join(f"{word:08X}" for word in words), family) == address


def test_a_sandbox_file_that_is_a_fifo_is_not_waited_for(tmp_path: Path) -> None:
    """Without a writer, open(2) of a FIFO blocks for ever."""
    os.mkfifo(tmp_path / "sandbox")
    planted = replace(run("web", container_id=ID, pid=8), sandbox_key=str(tmp_path / "sandbox"))
    assert read_namespace_sockets(tmp_path, planted) is None


def test_a_process_that_is_another_containers_or_gone_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "7").mkdir()
    (tmp_path / "7/cgroup").write_text("0::/docker/another\n")
    assert read_namespace_sockets(tmp_path, run("web", container_id=ID, pid=7)) is None
    assert read_namespace_sockets(tmp_path, run("web", container_id=ID, pid=8)) is None
