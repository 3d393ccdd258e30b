"""Who listens in another network namespace: recorded files, then a namespace of the tests' own, entered and not."""

import os
import pickle
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from exporter.core.model.docker import Container
from exporter.core.model.sockets import ListeningSocket
from exporter.kernel.links.watcher import LinkWatcher
from exporter.kernel.namespaces.setns import run_in_netns
from exporter.kernel.netlink.inet_diag import LISTEN, UNCONNECTED
from exporter.kernel.sockets.namespace_sockets import parse_address, parse_file, read_files, read_namespace_sockets
from tests.integration.kernel.namespaces.test_namespaces import nsid_of, plug
from tests.support.builders import run
from tests.support.kernel.capture_sockets import made
from tests.support.kernel.own_namespace import container, entered, inode, ip, sandbox_file
from tests.support.waiting import until

ID = "c3" * 32
NO_SYS_ADMIN = ("setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin")
NOBODY = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--bounding-set", "-all")

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


class Sandbox:
    """A process in a namespace of its own, in a /proc where it is a container's."""

    def __init__(self, pid: int, folder: Path) -> None:
        self.pid = pid
        self.procfs = folder
        (folder / f"{pid}").mkdir()
        (folder / f"{pid}/cgroup").write_text(f"0::/docker/{ID}\n")
        (folder / f"{pid}/net").symlink_to(f"/proc/{pid}/net")
        (folder / f"{pid}/ns").symlink_to(f"/proc/{pid}/ns")

    @property
    def container(self) -> Container:
        """The container."""
        return run("web", container_id=ID, pid=self.pid)

    def read(self) -> set[tuple[str, str, int, bool]]:
        """Who listens in it."""
        found = read_namespace_sockets(self.procfs, self.container)
        assert found is not None
        return {(each.protocol, each.address, each.port, each.v6only) for each in found}


@pytest.fixture
def listening(sandbox: int) -> Iterator[Sandbox]:
    with entered(sandbox):
        Path("/proc/sys/net/ipv6/conf/all/disable_ipv6").write_text("0")
        ip("link set lo up")
        first, second = made("tcp", "127.0.0.1", 80, ""), made("tcp", "::", 81, "v6only")
    # pytest's own folders are root's alone
    with first, second, tempfile.TemporaryDirectory(prefix="dockernet-test-") as folder:
        Path(folder).chmod(0o755)
        yield Sandbox(sandbox, Path(folder))


@pytest.mark.live
def test_a_namespace_is_entered_and_left(listening: Sandbox) -> None:
    here = inode("thread-self")
    assert listening.read() == {("tcp", "127.0.0.1", 80, False), ("tcp", "::", 81, True)}
    assert inode("thread-self") == here
    assert "inside" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.live
def test_a_thousand_readings_leave_no_descriptor_and_no_thread_behind(listening: Sandbox) -> None:
    listening.read()
    before = len(list(Path("/proc/self/fd").iterdir())), threading.active_count()
    for _ in range(1000):
        listening.read()
    assert (len(list(Path("/proc/self/fd").iterdir())), threading.active_count()) == before


@pytest.mark.live
@pytest.mark.usefixtures("namespace")
def test_a_namespace_that_was_read_ends_with_its_last_process(tmp_path: Path) -> None:
    """Whatever of ours had stayed there would keep it alive."""
    ip("link add br-front type bridge")
    watcher = LinkWatcher()
    watcher.start()
    with container() as pid:
        plug("web", pid)
        nsid = nsid_of(pid)
        sandbox = Sandbox(pid, tmp_path)
        for _ in range(1000):
            assert sandbox.read() == set()
    assert until(watcher.take_freed, 60, "the namespace's end") == {nsid}
    watcher.stop()


@pytest.mark.live
def test_the_file_of_the_sandbox_will_do_where_the_process_is_not_seen(listening: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    with sandbox_file(listening.pid, tmp_path) as file:
        hidden = Container(ID, "web", "", "running", "bridge", pid=1, sandbox_key=str(file))
        found = read_namespace_sockets(tmp_path / "elsewhere", hidden)
    assert found is not None
    assert {each.port for each in found} == {80, 81}


@pytest.mark.live
def test_a_sandbox_whose_namespace_is_gone_is_none(tmp_path: Path) -> None:
    """The engine removes the file a minute later."""
    (tmp_path / "netns").write_text("")
    gone = Container(ID, "web", "", "running", "bridge", pid=1, sandbox_key=str(tmp_path / "netns"))
    assert read_namespace_sockets(tmp_path, gone) is None


@pytest.mark.live
@pytest.mark.parametrize("rights", [NO_SYS_ADMIN, NOBODY], ids=["no SYS_ADMIN", "nobody"])
def test_who_may_not_go_there_reads_the_files(listening: Sandbox, rights: tuple[str, ...]) -> None:
    """They do not tell that the second is for IPv6 alone."""
    program = (
        "import pickle, sys; from pathlib import Path\n"
        "from exporter.kernel.sockets.namespace_sockets import read_namespace_sockets\n"
        "procfs, container = pickle.load(sys.stdin.buffer)\n"
        "print([(s.address, s.port, s.v6only) for s in read_namespace_sockets(procfs, container)])"
    )
    done = subprocess.run(
        [*rights, sys.executable, "-c", program],
        input=pickle.dumps((listening.procfs, listening.container)),
        stdout=subprocess.PIPE,
        check=True,
    )
    assert done.stdout.decode().strip() == "[('127.0.0.1', 80, False), ('::', 81, False)]"


@pytest.mark.live
def test_what_is_read_inside_may_fail_like_anything(listening: Sandbox) -> None:
    def fail() -> None:
        raise ValueError("planted")

    with pytest.raises(ValueError, match="planted"):
        run_in_netns(f"/proc/{listening.pid}/ns/net", fail, follow=True)
