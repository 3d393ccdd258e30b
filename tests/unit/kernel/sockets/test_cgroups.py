"""Cgroups by their ids: trees as engines make them."""

from pathlib import Path

import pytest

from exporter.kernel.sockets.cgroups import (
    MAX_OF_USERS,
    CgroupTree,
    find_root,
    parse_container_ids,
    read_tree,
    user_slice,
)
from tests.support.kernel.cgroup_tree import Tree

WEB, DB = "a1" * 32, "b2" * 32


@pytest.mark.parametrize("where", ["fs/cgroup", "fs/cgroup/unified"], ids=["v2", "hybrid"])
@pytest.mark.parametrize(
    "path", [f"docker/{WEB}", f"system.slice/docker-{WEB}.scope", f"my.slice/{WEB}", f"docker/{WEB}/init.scope"]
)
def test_a_container_is_named_by_its_cgroup_whatever_the_driver(tmp_path: Path, where: str, path: str) -> None:
    tree = Tree(tmp_path, where)
    number = tree.make(path, 42, 43)
    known = CgroupTree(tmp_path)
    known.update({number})
    assert known.container_ids(number) == (WEB,)
    assert known.processes(number) == [42, 43]


def test_a_container_within_a_container_has_both_names_the_outer_first(tmp_path: Path) -> None:
    number = Tree(tmp_path).make(f"docker/{WEB}/docker/{DB}")
    known = CgroupTree(tmp_path)
    known.update({number})
    assert known.container_ids(number) == (WEB, DB)


DELEGATED = "user.slice/user-1000.slice/user@1000.service"


@pytest.mark.parametrize(
    "path",
    [
        f"{DELEGATED}/docker/{WEB}",
        f"{DELEGATED}/docker-{WEB}.scope",
        f"system.slice/ci.service/docker/{WEB}",
        f"lxc.payload.guest/{WEB}",
        f"lxc.payload.guest/system.slice/docker-{WEB}.scope",
        f"lxc.monitor.guest/docker/{WEB}",
        f"lxc/guest/docker/{WEB}",
    ],
)
def test_what_a_user_may_have_made_is_no_container(path: str) -> None:
    assert parse_container_ids(f"0::/{path}") == ()
    assert parse_container_ids(f"0::/docker/{DB}/{path}") == (DB,)


def test_below_the_user_of_a_rootless_engine_it_is() -> None:
    text = f"0::/{DELEGATED}/user.slice/docker-{WEB}.scope"
    assert parse_container_ids(text, user_slice(1000)) == (WEB,)
    assert parse_container_ids(text, user_slice(1001)) == ()
    assert (user_slice(0), user_slice(None)) == ("", "")


@pytest.mark.parametrize("name", [f"libpod-{WEB}.scope", f"cri-containerd-{WEB}.scope", f"x{WEB}"])
def test_a_container_of_another_runtime_is_none_of_this_engine(name: str) -> None:
    assert parse_container_ids(f"0::/machine.slice/{name}") == ()


def test_a_service_is_no_container(tmp_path: Path) -> None:
    number = Tree(tmp_path).make("system.slice/ssh.service")
    known = CgroupTree(tmp_path)
    known.update({number})
    assert known.container_ids(number) == ()


@pytest.mark.parametrize("text", [WEB[:-1], WEB + "0", "A1" * 32])
def test_what_is_no_id_is_not_taken_for_one(text: str) -> None:
    assert parse_container_ids(f"/docker/{text}") == ()


def test_all_forms_in_a_processs_own_file() -> None:
    text = f"9:name=systemd:/docker/{WEB}\n1:cpu:/\n0::/../{DB}\n"
    assert parse_container_ids(text) == (WEB, DB)


def test_the_tree_is_read_again_only_for_an_id_that_was_not_in_it(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    first = tree.make(f"docker/{WEB}")
    known = CgroupTree(tmp_path)
    known.update({first})
    (tree.root / "docker" / WEB).rename(tree.root / "docker" / DB)
    known.update({first})
    assert known.container_ids(first) == (WEB,)
    second = tree.make("system.slice/ssh.service")
    known.update({first, second})
    assert known.container_ids(first) == (DB,)


def test_one_that_was_removed_is_not_looked_for_again(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    first, gone = tree.make(f"docker/{WEB}"), 1 << 40
    known = CgroupTree(tmp_path)
    known.update({first, gone})
    (tree.root / "docker" / WEB).rename(tree.root / "docker" / DB)
    known.update({first, gone})
    assert known.container_ids(first) == (WEB,)
    assert known.container_ids(gone) == ()
    assert known.processes(gone) == []


def test_without_a_tree_nothing_is_known(tmp_path: Path) -> None:
    (tmp_path / "fs/cgroup/pids").mkdir(parents=True)
    known = CgroupTree(tmp_path)
    known.update({7})
    assert find_root(tmp_path) is None
    assert known.container_ids(7) == ()
    assert known.hides(7)
    assert not known.hides(1)


def test_a_cgroup_with_threads_for_members_has_no_processes(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    number = tree.make("threads")
    (tree.root / "threads/cgroup.procs").unlink()
    known = CgroupTree(tmp_path)
    known.update({number})
    assert known.processes(number) == []


@pytest.mark.parametrize(
    "flooded", ["user.slice/user-1001.slice/user@1001.service", "system.slice/ci.service", "lxc.payload.guest"]
)
def test_cgroups_that_a_user_makes_displace_none_of_the_engine(tmp_path: Path, flooded: str) -> None:
    tree = Tree(tmp_path)
    for number in range(MAX_OF_USERS + 50):
        (tree.root / flooded / str(number % 9) / str(number)).mkdir(parents=True)
    ours, rootless = tree.make(f"docker/{WEB}"), tree.make(f"{DELEGATED}/user.slice/docker-{DB}.scope")
    found = dict(read_tree(str(tree.root), user_slice(1000)))
    assert parse_container_ids(found[ours]) == (WEB,)
    assert parse_container_ids(found[rootless], user_slice(1000)) == (DB,)
    assert sum(f"/{flooded}/" in path for path in found.values()) <= MAX_OF_USERS
