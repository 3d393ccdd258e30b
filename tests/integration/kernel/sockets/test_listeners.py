"""Listening sockets of a network namespace of the test's own."""

import os
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
from msgspec.structs import replace

from exporter.core.model.sockets import ListeningSocket
from exporter.kernel.netlink.inet_diag import ANY_STATE, open_diag_socket, question, read_dump
from exporter.kernel.sockets.listeners import SocketReader, parse_bounded, read_any_state, read_own_answers
from exporter.kernel.sockets.port_settings import read_local_ports
from tests.support.kernel.capture_sockets import made
from tests.support.kernel.own_namespace import ip
from tests.support.waiting import until

TCP, UDP = socket.IPPROTO_TCP, socket.IPPROTO_UDP


@pytest.fixture
def loopback(namespace: None) -> None:
    """The test runs in a network namespace with a loopback device of both families."""
    assert namespace is None
    Path("/proc/sys/net/ipv6/conf/all/disable_ipv6").write_text("0")
    ip("link set lo up")


@pytest.mark.usefixtures("loopback")
def test_the_kernel_of_this_machine_tells_all_that_was_made_with_inode_and_user() -> None:
    with ExitStack() as kept:
        expected = set()
        for claim in (("tcp", "127.0.0.1", 1, ""), ("tcp", "::", 2, "v6only"), ("udp", "::", 3, "")):
            sock = kept.enter_context(made(*claim))
            protocol, address, port, option = claim
            inode = os.fstat(sock.fileno()).st_ino
            expected.add(ListeningSocket(protocol, address, port, v6only=option == "v6only", inode=inode))
        assert {replace(each, cgroup_id=0) for each in parse_bounded(read_own_answers())} == expected
        reading = SocketReader()
        first = reading.read()
        assert {replace(each, cgroup_id=0) for each in first.sockets} == expected
        assert reading.read() is first
        reading.close()


@pytest.mark.usefixtures("loopback")
def test_a_connection_is_told_by_its_local_port_in_whatever_state() -> None:
    with made("tcp", "127.0.0.1", 8001, "") as listener, made("tcp", "127.0.0.1", 8006, "not listening"):
        client = socket.create_connection(("127.0.0.1", 8001))
        accepted, _ = listener.accept()
        port = client.getsockname()[1]
        assert [(state, each.address, each.port) for state, each in read_any_state(port)] == [
            ("established", "127.0.0.1", port)
        ]
        client.close()
        accepted.close()
        waiting = [("time_wait", 0)]
        until(lambda: [(state, each.inode) for state, each in read_any_state(port)] == waiting, 60, "both ends' FIN")
        assert [state for state, _ in read_any_state(8006)] == ["close"]
        assert read_any_state(8007) == ()


@pytest.mark.usefixtures("loopback")
def test_a_connected_udp_socket_holds_its_port_and_does_not_listen() -> None:
    with made("udp", "127.0.0.1", 8010, "connected"):
        assert parse_bounded(read_own_answers()) == ()
        assert [(state, each.protocol) for state, each in read_any_state(8010)] == [("established", "udp")]


@pytest.mark.usefixtures("loopback")
def test_a_family_that_the_kernel_does_not_know_is_its_refusal() -> None:
    with open_diag_socket() as sock, pytest.raises(OSError, match="Invalid argument"):
        read_dump(sock, question(200, TCP, ANY_STATE))


@pytest.mark.usefixtures("loopback")
def test_the_range_is_that_of_the_namespace() -> None:
    Path("/proc/sys/net/ipv4/ip_local_port_range").write_text("40000 40999")
    assert read_local_ports() == (40000, 40999)


@pytest.mark.usefixtures("loopback")
def test_nobody_may_read_as_much_as_root() -> None:
    program = (
        "from exporter.kernel.sockets.listeners import parse_listeners, read_own_answers\n"
        "print(*[socket.port for socket in parse_listeners(read_own_answers())])"
    )
    nobody = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--bounding-set", "-all")
    with made("tcp", "127.0.0.1", 8001, ""), made("udp", "::", 8009, "v6only"):
        done = subprocess.run([*nobody, sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert done.stdout.split() == ["8001", "8009"]


@pytest.mark.usefixtures("loopback")
def test_a_thousand_reads_leave_no_descriptor_behind() -> None:
    reading = SocketReader()
    reading.read()
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(1000):
        reading.read()
        parse_bounded(read_own_answers())
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    reading.close()
