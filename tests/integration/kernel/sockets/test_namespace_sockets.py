"""Listeners of another network namespace of the test's own, entered and not."""

import pickle
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from exporter.core.model.docker import Container
from exporter.kernel.links.watcher import LinkWatcher
from exporter.kernel.namespaces.setns import run_in_netns
from exporter.kernel.sockets.namespace_sockets import NamespaceReading, read_namespace_sockets
from exporter.kernel.sockets.socket_counts import CountedReading, read_counted
from tests.support.builders import run
from tests.support.kernel.capture_sockets import made
from tests.support.kernel.container_veths import nsid_of, plug
from tests.support.kernel.own_namespace import container, entered, inode, ip, sandbox_file
from tests.support.waiting import until

ID = "c3" * 32


NO_SYS_ADMIN = ("setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin")


NOBODY = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--bounding-set", "-all")


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
        return {(each.protocol, each.address, each.port, each.v6only) for each in found.listeners}


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


def test_a_namespace_is_entered_and_left(listening: Sandbox) -> None:
    here = inode("thread-self")
    assert listening.read() == {("tcp", "127.0.0.1", 80, False), ("tcp", "::", 81, True)}
    assert inode("thread-self") == here
    assert "inside" not in {thread.name for thread in threading.enumerate()}


def test_a_thousand_readings_leave_no_descriptor_and_no_thread_behind(listening: Sandbox) -> None:
    listening.read()
    before = len(list(Path("/proc/self/fd").iterdir())), threading.active_count()
    for _ in range(1000):
        listening.read()
    assert (len(list(Path("/proc/self/fd").iterdir())), threading.active_count()) == before


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
    assert until(watcher.drain_freed, 60, "the namespace's end") == {nsid}
    watcher.stop()


def test_the_file_of_the_sandbox_will_do_where_the_process_is_not_seen(listening: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    with sandbox_file(listening.pid, tmp_path) as file:
        hidden = Container(ID, "web", "", "running", "bridge", pid=1, sandbox_key=str(file))
        found = read_namespace_sockets(tmp_path / "elsewhere", hidden)
    assert found is not None
    assert {each.port for each in found.listeners} == {80, 81}


def test_the_sandbox_is_read_and_not_a_namespace_that_its_process_made_for_itself(
    listening: Sandbox, tmp_path: Path
) -> None:
    """`unshare --net` inside of a container."""
    with sandbox_file(listening.pid, tmp_path) as file, container() as own:
        (tmp_path / f"{own}").mkdir()
        (tmp_path / f"{own}/cgroup").write_text(f"0::/docker/{ID}\n")
        (tmp_path / f"{own}/ns").symlink_to(f"/proc/{own}/ns")
        found = read_namespace_sockets(tmp_path, replace(run("web", container_id=ID, pid=own), sandbox_key=str(file)))
    assert found is not None
    assert {each.port for each in found.listeners} == {80, 81}


NFT_REDIRECT = "add rule ip nat c tcp dport 80 redirect to :15006"
NFT_CHAIN = "add table ip nat; add chain ip nat c { type nat hook %s priority -100; }"
NFT_RULES = "nft", f"{NFT_CHAIN % 'prerouting'}; {NFT_REDIRECT}"
LEGACY = "-t nat -I %s -p tcp --dport 80 -j REDIRECT --to-ports 15006"


@pytest.mark.parametrize(
    ("commands", "redirected"),
    [
        ((), False),
        ((("nft", NFT_CHAIN % "prerouting"),), False),
        ((("nft", f"{NFT_CHAIN % 'output'}; {NFT_REDIRECT}"),), False),
        ((NFT_RULES,), True),
        ((("nft", f"{(NFT_CHAIN % 'prerouting').replace('nat h', 'filter h')}; add rule ip nat c accept"),), False),
        ((("iptables-legacy", "-w", *(LEGACY % "OUTPUT").split()),), False),
        ((("iptables-legacy", "-w", *(LEGACY % "PREROUTING").split()),), True),
        ((("ip6tables-legacy", "-w", *(LEGACY % "PREROUTING").split()),), True),
        ((("iptables-nft", "-w", *(LEGACY % "OUTPUT").split()),), False),
        ((("iptables-nft", "-w", *(LEGACY % "PREROUTING").split()),), True),
    ],
    ids=[
        "no rules",
        "nft chain without rules",
        "nft output",
        "nft prerouting",
        "nft prerouting of type filter",
        "legacy output",
        "legacy prerouting",
        "legacy IPv6",
        "iptables-nft output",
        "iptables-nft prerouting",
    ],
)
def test_nat_rules_for_what_arrives_in_the_namespace_are_noticed(
    listening: Sandbox, commands: tuple[tuple[str, ...], ...], *, redirected: bool
) -> None:
    for command in commands:
        subprocess.run(["nsenter", f"--net=/proc/{listening.pid}/ns/net", *command], check=True)
    found = read_namespace_sockets(listening.procfs, listening.container)
    assert found is not None
    assert found.redirected is redirected


def test_the_same_answers_are_the_same_reading_and_another_socket_or_rule_is_not(listening: Sandbox) -> None:
    def again(known: NamespaceReading | None) -> NamespaceReading:
        found = read_namespace_sockets(listening.procfs, listening.container, known)
        assert found is not None
        return found

    first = again(None)
    assert again(first) is first
    with entered(listening.pid), made("udp", "127.0.0.1", 82, ""):
        second = again(first)
    assert {one.port for one in second.listeners} == {80, 81, 82}
    assert again(second) == first
    for command in (("iptables-legacy", "-w", *(LEGACY % "PREROUTING").split()), NFT_RULES):
        before = again(first)
        subprocess.run(["nsenter", f"--net=/proc/{listening.pid}/ns/net", *command], check=True)
        assert again(before) is not before
        assert again(before).redirected


def test_a_namespace_is_read_again_when_the_number_of_its_sockets_changed(listening: Sandbox) -> None:
    def again(known: CountedReading | None) -> CountedReading:
        return read_counted(listening.procfs, listening.container, known, 0.0)

    first = again(None)
    assert again(first) is first
    for protocol, address in (("udp", "127.0.0.1"), ("udp", "::1"), ("tcp", "127.0.0.1"), ("tcp", "::1")):
        with entered(listening.pid):
            sock = made(protocol, address, 82, "")
        with sock:
            second = again(first)
        assert second.reading is not None
        assert {one.port for one in second.reading.listeners} == {80, 81, 82}
        assert again(second).reading == first.reading


def test_a_sandbox_whose_namespace_is_gone_is_none(tmp_path: Path) -> None:
    """The engine removes the file a minute later."""
    (tmp_path / "netns").write_text("")
    gone = Container(ID, "web", "", "running", "bridge", pid=1, sandbox_key=str(tmp_path / "netns"))
    assert read_namespace_sockets(tmp_path, gone) is None


@pytest.mark.parametrize("rights", [NO_SYS_ADMIN, NOBODY], ids=["no SYS_ADMIN", "nobody"])
def test_who_may_not_go_there_reads_the_files(listening: Sandbox, rights: tuple[str, ...]) -> None:
    """They do not tell that the second is for IPv6 alone."""
    program = (
        "import pickle, sys; from pathlib import Path\n"
        "from exporter.kernel.sockets.namespace_sockets import read_namespace_sockets\n"
        "procfs, container = pickle.load(sys.stdin.buffer)\n"
        "print([(s.address, s.port, s.v6only) for s in read_namespace_sockets(procfs, container).listeners])"
    )
    done = subprocess.run(
        [*rights, sys.executable, "-c", program],
        input=pickle.dumps((listening.procfs, listening.container)),
        stdout=subprocess.PIPE,
        check=True,
    )
    assert done.stdout.decode().strip() == "[('127.0.0.1', 80, False), ('::', 81, False)]"


def test_what_is_read_inside_may_fail_like_anything(listening: Sandbox) -> None:
    def fail() -> None:
        raise ValueError("planted")

    with pytest.raises(ValueError, match="planted"):
        run_in_netns(f"/proc/{listening.pid}/ns/net", fail, follow=True)
