"""Who is behind the engine's socket."""

import os
import socket
from pathlib import Path

import pytest

from exporter.docker_engine.peer import Peer, read_peer


def test_it_is_the_process_that_listens(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "docker.sock"))
        listener.listen()
        assert read_peer(f"unix://{tmp_path}/docker.sock", 5) == Peer(os.getpid(), os.geteuid())


@pytest.mark.parametrize("url", ["tcp://127.0.0.1:2375", "unix:///nowhere/docker.sock"])
def test_nothing_is_known_of_another_address(url: str) -> None:
    assert read_peer(url, 5) is None
