"""Cgroups by their ids, in this machine's cgroup tree."""

import os
from contextlib import suppress
from pathlib import Path

import pytest

from exporter.core.model.sockets import ListeningSocket
from exporter.kernel.sockets.cgroups import CgroupTree, find_root, read_tree
from exporter.kernel.sockets.listeners import parse_bounded, read_own_answers
from tests.support.kernel.capture_sockets import made
from tests.support.kernel.own_namespace import ip, own_namespace

WEB, DB = "a1" * 32, "b2" * 32


@pytest.fixture
def real_root() -> Path:
    root = find_root(Path("/sys"))
    if os.geteuid() or root is None:
        pytest.skip("needs root and a cgroup-2 tree")
    return root


def test_every_directory_of_the_machine_has_the_id_that_the_kernel_tells(real_root: Path) -> None:
    found = {path: number for number, path in read_tree(str(real_root))}
    for path, number in found.items():
        with suppress(FileNotFoundError):  # of somebody who has just ended
            assert Path(path).stat().st_ino == number
    assert found[str(real_root)] == 1


def test_a_socket_keeps_the_cgroup_in_which_it_was_made(real_root: Path) -> None:
    """Moved to another one, and bound only there."""
    folder = real_root / f"dockernet-test-{os.getpid()}" / f"docker-{WEB}.scope"
    before = next(line for line in Path("/proc/self/cgroup").read_text().splitlines() if line.startswith("0::"))
    home = real_root / before.removeprefix("0::").strip("/")
    folder.mkdir(parents=True)
    try:
        with own_namespace():
            ip("link set lo up")
            (folder / "cgroup.procs").write_text(str(os.getpid()))
            try:
                sock = made("tcp", "127.0.0.1", 8001, "")
            finally:
                (home / "cgroup.procs").write_text(str(os.getpid()))
            with sock:
                (found,) = parse_bounded(read_own_answers())
        assert told(found) == (WEB,)
    finally:
        folder.rmdir()
        folder.parent.rmdir()


def told(socket: ListeningSocket) -> tuple[str, ...]:
    tree = CgroupTree(Path("/sys"))
    tree.update({socket.cgroup_id})
    return tree.container_ids(socket.cgroup_id)
