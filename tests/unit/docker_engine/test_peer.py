"""Who is behind the engine's socket."""

import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from exporter.docker_engine.parse import parse_engine
from exporter.docker_engine.peer import Peer, is_here, read_peer
from tests.support.waiting import until

ROOTLESS = {"SecurityOptions": ["name=seccomp,profile=builtin", "name=rootless"]}


@pytest.mark.parametrize("scheme", ["unix://", "unix:/", "http+unix://"])
def test_it_is_the_process_that_listens_at_each_form_of_the_sockets_address(tmp_path: Path, scheme: str) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "docker.sock"))
        listener.listen()
        assert read_peer(f"{scheme}{tmp_path}/docker.sock", 5) == Peer(os.getpid(), os.geteuid())


def test_a_program_that_is_not_dockerd_proves_nothing() -> None:
    """Systemd listens in the place of an engine that it starts: in this namespace, whichever has the bridges."""
    assert not is_here(os.getpid())
    assert not is_here(0)


def test_a_dockerd_of_this_network_namespace_is_here(tmp_path: Path) -> None:
    program = tmp_path / "dockerd"
    program.symlink_to(str(shutil.which("sleep")))
    with subprocess.Popen([str(program), "600"]) as process:
        until(lambda: is_here(process.pid), 60, "the program's name")
        process.kill()


@pytest.mark.parametrize(
    ("info", "peer", "elsewhere"),
    [
        ({}, Peer(10, 0), False),
        (ROOTLESS, Peer(10, 1000), True),
        (ROOTLESS, Peer(10, 1000, here=True), False),
        (ROOTLESS, Peer(10, 0), False),
        (ROOTLESS, None, True),
    ],
)
def test_a_rootless_engine_is_elsewhere_unless_it_is_known_to_be_here(
    info: dict[str, list[str]], peer: Peer | None, *, elsewhere: bool
) -> None:
    assert parse_engine({}, info, peer).elsewhere is elsewhere


@pytest.mark.parametrize("url", ["tcp://127.0.0.1:2375", "unix:///nowhere/docker.sock"])
def test_nothing_is_known_of_another_address(url: str) -> None:
    assert read_peer(url, 5) is None
