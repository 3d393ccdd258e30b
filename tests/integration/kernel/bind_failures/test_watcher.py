"""Real binds that are refused: each is told as it was, and nothing else is."""

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from exporter.core.ports.bind_failures import RefusedBind
from exporter.kernel.bind_failures.watcher import BindFailures
from tests.support.kernel.own_namespace import inode
from tests.support.kernel.refusing import (
    IPPROTO_MPTCP,
    TCP,
    UDP,
    bound,
    family_of,
    heard,
    held,
    loopback,
    refuse,
    told,
)

PORT = 8080
CASES = [
    (TCP, "0.0.0.0", "0.0.0.0"),
    (TCP, "0.0.0.0", "127.0.0.1"),
    (TCP, "127.0.0.1", "0.0.0.0"),
    (TCP, "127.0.0.2", "127.0.0.2"),
    (TCP, "::", "0.0.0.0"),
    (TCP, "::", "::1"),
    (TCP, "0.0.0.0", "::"),
    (TCP, "127.0.0.1", "::ffff:127.0.0.1"),
    (UDP, "0.0.0.0", "0.0.0.0"),
    (UDP, "127.0.0.1", "0.0.0.0"),
    (UDP, "::", "127.0.0.1"),
    (UDP, "::1", "::1"),
]


@pytest.fixture(autouse=True)
def addresses(failures: BindFailures) -> None:
    assert failures
    loopback()


@pytest.mark.parametrize(("kind", "holder", "wanted"), CASES)
def test_a_refused_bind_is_told_with_its_protocol_address_and_port(
    failures: BindFailures, kind: int, holder: str, wanted: str
) -> None:
    with held(holder, PORT, kind):
        refuse(wanted, PORT, kind)
    assert told(failures) == [("tcp" if kind == TCP else "udp", wanted, PORT)]


def test_it_is_told_who_was_refused_where_and_when(failures: BindFailures) -> None:
    with held("127.0.0.1", PORT):
        before = time.time()
        refuse("127.0.0.1", PORT)
        after = time.time()
    [refused] = heard(failures)
    unsure = 0.01 + time.time() - after  # how the kernel's clock stands to ours is seen while it is heard
    assert refused == RefusedBind(
        cgroup_id=own_cgroup(),
        container_id="",
        netns=inode("thread-self"),
        pid=os.getpid(),
        comm=Path("/proc/self/comm").read_text().rstrip("\n"),
        protocol="tcp",
        address="127.0.0.1",
        port=PORT,
        at=refused.at,
    )
    assert before - unsure <= refused.at <= after + unsure


def own_cgroup() -> int:
    """The number of this process's cgroup in version 2, wherever that is mounted."""
    tree = next(place for place in ("/sys/fs/cgroup", "/sys/fs/cgroup/unified") if Path(place, "cgroup.procs").exists())
    [path] = [line[3:] for line in Path("/proc/self/cgroup").read_text().splitlines() if line.startswith("0::")]
    return Path(tree + path).stat().st_ino


def test_binds_that_succeed_or_fail_for_another_reason_are_not_told(failures: BindFailures) -> None:
    for kind in (TCP, UDP):
        for address in ("0.0.0.0", "127.0.0.1", "::1", "::"):
            bound(address, 0, kind).close()
            bound(address, PORT, kind).close()
    with socket.socket() as not_local, pytest.raises(OSError, match="assign"):
        not_local.bind(("192.0.2.1", PORT))
    with bound("127.0.0.1", 0) as twice, pytest.raises(OSError, match="Invalid"):
        twice.bind(("127.0.0.1", 0))
    with held("127.0.0.1", PORT), socket.socket() as client:
        client.connect(("127.0.0.1", PORT))
    assert told(failures) == []


def test_what_has_no_ports_is_not_told(failures: BindFailures) -> None:
    """Unix sockets are refused names in use by the same error."""
    with socket.socket(socket.AF_UNIX) as one, socket.socket(socket.AF_UNIX) as other:
        one.bind("\0name")
        with pytest.raises(OSError, match="in use"):
            other.bind("\0name")
    assert told(failures) == []


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0", "::1"])
def test_a_listen_that_is_refused_is_told_by_the_sockets_own_port(failures: BindFailures, address: str) -> None:
    """Two sockets may be bound to one port with SO_REUSEADDR; the one that listens first has it."""
    with socket.socket(family_of(address)) as first, socket.socket(family_of(address)) as second:
        for made in (first, second):
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind((address, PORT))
        first.listen()
        with pytest.raises(OSError, match="in use"):
            second.listen()
    assert told(failures) == [("tcp", address, PORT)]


def test_multipath_tcp_is_tcp(failures: BindFailures) -> None:
    """Servers in Go ask for it by default."""
    try:
        socket.socket(socket.AF_INET, TCP, IPPROTO_MPTCP).close()
    except OSError:
        pytest.skip("this kernel has no MPTCP")
    with held("127.0.0.1", PORT):
        refuse("0.0.0.0", PORT, TCP, IPPROTO_MPTCP)
    assert told(failures) == [("tcp", "0.0.0.0", PORT)]


def test_the_same_refusal_again_is_one_with_its_number(failures: BindFailures) -> None:
    with held("127.0.0.1", PORT):
        for _ in range(5):
            refuse("127.0.0.1", PORT)
        assert [refused.times for refused in heard(failures)] == [5]
        refuse("127.0.0.1", PORT)
        refuse("127.0.0.1", PORT)
    assert [refused.times for refused in heard(failures)] == [2]
    assert heard(failures) == []


def test_refusals_come_in_their_order(failures: BindFailures) -> None:
    with contextlib.ExitStack() as holders:
        for port in (PORT + 2, PORT, PORT + 1):
            holders.enter_context(held("127.0.0.1", port))
            refuse("127.0.0.1", port)
    assert [port for *_, port in told(failures)] == [PORT + 2, PORT, PORT + 1]


def test_a_thread_is_told_by_the_name_of_its_process(failures: BindFailures) -> None:
    own = Path("/proc/self/comm").read_text().rstrip("\n")

    def renamed() -> None:
        Path("/proc/thread-self/comm").write_text("worker")
        refuse("127.0.0.1", PORT)

    with held("127.0.0.1", PORT):
        thread = threading.Thread(target=renamed)
        thread.start()
        thread.join()
    assert [(refused.comm, refused.pid) for refused in heard(failures)] == [(own, os.getpid())]


BIND = "import socket; socket.socket().bind(('127.0.0.1', 8080))"


def test_a_process_that_is_gone_at_once_is_told_nevertheless(failures: BindFailures) -> None:
    with held("127.0.0.1", PORT), subprocess.Popen([sys.executable, "-c", BIND], stderr=subprocess.DEVNULL) as process:
        assert process.wait(60) == 1
    assert [(refused.pid, refused.port) for refused in heard(failures)] == [(process.pid, PORT)]


def test_closed_it_hears_nothing_and_opened_again_it_begins_anew(failures: BindFailures) -> None:
    with held("127.0.0.1", PORT):
        refuse("127.0.0.1", PORT)
        failures.close()
        refuse("127.0.0.1", PORT)
        failures.open()
        assert heard(failures) == []
        refuse("127.0.0.1", PORT)
    assert [refused.times for refused in heard(failures)] == [1]
    assert failures.lost() == 0


def test_closed_it_does_not_answer(failures: BindFailures) -> None:
    failures.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        failures.drain()
