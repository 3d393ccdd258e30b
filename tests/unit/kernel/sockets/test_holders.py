"""When it is looked for who holds a socket, at a clock of the test's own and in a /proc of the test's own."""

import threading
from collections.abc import Iterable
from pathlib import Path

import pytest

from exporter.core.model.sockets import ListeningSocket
from exporter.kernel.sockets import holders
from exporter.kernel.sockets.cgroups import CgroupTree
from exporter.kernel.sockets.holders import ALIVE_INTERVAL, SECOND_SEARCH_DELAY, UNKNOWN_RETRY_INTERVAL, HolderTable
from exporter.kernel.sockets.processes import Held, find_holders
from tests.support.kernel.cgroup_tree import Tree
from tests.support.kernel.fake_proc import FakeProc
from tests.support.waiting import until


class World:
    """Processes, cgroups, sockets, and a table whose time goes on only when told."""

    def __init__(self, folder: Path, *, whole: bool = True) -> None:
        self.now = 1000.0
        self.proc = FakeProc(folder / "proc", whole=whole)
        self.cgroups = Tree(folder / "sys")
        self.tree = CgroupTree(folder / "sys")
        (folder / "proc").mkdir(exist_ok=True)
        self.table = HolderTable(self.proc.root, self.tree, lambda: self.now)
        self.sockets: dict[int, ListeningSocket] = {}

    def listen(self, *inodes: int, cgroup: int = 0) -> None:
        """More sockets come."""
        for inode in inodes:
            self.sockets[inode] = ListeningSocket("tcp", "0.0.0.0", inode, inode=inode, cgroup_id=cgroup)
        self.tree.update({socket.cgroup_id for socket in self.sockets.values()})

    def follow(self, after: float = 0.0) -> bool:
        """Let time pass, and follow."""
        self.now += after
        return self.table.update(self.sockets)

    def name(self, inode: int) -> str | None:
        """Who holds a socket."""
        process = self.table.process(inode)
        return None if process is None else process.name


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_a_new_socket_is_looked_for_and_an_old_one_is_not(world: World) -> None:
    world.proc.process(20, "nginx", 501)
    world.listen(501)
    assert world.follow()
    assert world.name(501) == "nginx"
    (world.proc.root / "20/fd/1").unlink()
    assert not world.follow()
    assert world.name(501) == "nginx"
    assert not world.table.due()


def test_what_is_gone_is_forgotten(world: World) -> None:
    world.proc.process(20, "nginx", 501)
    world.listen(501)
    world.follow()
    del world.sockets[501]
    assert not world.follow()
    assert world.name(501) is None


def test_the_second_look_sees_who_has_been_given_a_socket(world: World) -> None:
    """The engine binds, and hands over to docker-proxy, which starts a moment later."""
    world.proc.process(20, "dockerd", 501)
    world.listen(501)
    world.follow()
    world.proc.process(20, "dockerd")
    world.proc.process(30, "docker-proxy", 501)
    assert world.name(501) == "dockerd"
    world.now += SECOND_SEARCH_DELAY
    assert world.table.due()
    assert world.follow()
    assert world.name(501) == "docker-proxy"
    assert not world.follow(SECOND_SEARCH_DELAY)


def test_the_second_look_costs_one_process_where_nothing_changed(world: World) -> None:
    world.proc.process(20, "nginx", 501)
    world.listen(501)
    world.follow()
    world.proc.process(10, "other", 501)
    assert not world.follow(SECOND_SEARCH_DELAY)
    assert world.name(501) == "nginx"


def test_a_zombie_holds_nothing(world: World) -> None:
    world.proc.process(20, "parent", 501)
    world.proc.process(30, "child", 501)
    world.listen(501)
    world.follow()
    world.follow(SECOND_SEARCH_DELAY)
    world.proc.process(20, "parent")
    assert world.follow(ALIVE_INTERVAL)
    assert world.name(501) == "child"


def test_a_holder_that_has_ended_is_replaced_by_the_one_that_has_the_socket_now(world: World) -> None:
    world.proc.process(20, "parent", 501)
    world.proc.process(30, "child", 501)
    world.listen(501)
    world.follow()
    world.follow(SECOND_SEARCH_DELAY)
    world.proc.end(20)
    assert world.follow(ALIVE_INTERVAL)
    assert world.name(501) == "child"


def test_the_processes_of_the_sockets_cgroup_are_looked_into_first(world: World) -> None:
    cgroup = world.cgroups.make("system.slice/nginx.service", 40, 30)
    world.proc.process(20, "passed on", 501)
    world.proc.process(30, "nginx", 501)
    world.proc.process(40, "worker", 501)
    world.listen(501, cgroup=cgroup)
    world.follow()
    assert world.name(501) == "nginx"


def test_one_that_left_its_cgroup_is_found_all_the_same(world: World) -> None:
    cgroup = world.cgroups.make("system.slice/nginx.service", 0, 30)
    world.proc.process(20, "taker", 501)
    world.proc.process(30, "nginx")
    world.listen(501, cgroup=cgroup)
    world.follow()
    assert world.name(501) == "taker"


def test_what_no_process_has_is_the_kernels(world: World) -> None:
    world.listen(501)
    assert world.follow()
    assert world.name(501) == "kernel"
    assert not world.follow(SECOND_SEARCH_DELAY)
    assert world.name(501) == "kernel"
    assert not world.follow(ALIVE_INTERVAL)


def test_where_not_all_processes_are_seen_it_is_nobodys_and_looked_for_now_and_then(tmp_path: Path) -> None:
    world = World(tmp_path, whole=False)
    world.listen(501)
    world.follow()
    world.follow(SECOND_SEARCH_DELAY)
    assert world.name(501) is None
    world.proc.process(20, "nginx", 501)
    assert not world.follow(UNKNOWN_RETRY_INTERVAL / 2)
    assert world.follow(UNKNOWN_RETRY_INTERVAL / 2)
    assert world.name(501) == "nginx"


def test_init_is_named_only_when_nobody_else_has_it(world: World) -> None:
    world.proc.process(1, "systemd", 501, 502)
    world.proc.process(20, "sshd", 501)
    world.listen(501, 502)
    world.follow()
    assert (world.name(501), world.name(502)) == ("sshd", "systemd")


def test_a_search_that_takes_long_is_not_waited_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where a user has millions of descriptors; the holder is known once the search has ended."""
    release, search = threading.Event(), find_holders

    def slowly(procfs: Path, pids: Iterable[int], inodes: Iterable[int]) -> tuple[dict[int, Held], set[int]]:
        assert release.wait(60)
        return search(procfs, pids, inodes)

    monkeypatch.setattr(holders, "find_holders", slowly)
    world.proc.process(20, "nginx", 501)
    world.listen(501)
    assert not world.follow()
    assert world.name(501) is None
    assert world.table.due()
    release.set()
    until(world.follow, 60, "the holder")
    assert world.name(501) == "nginx"
