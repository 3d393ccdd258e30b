"""Sockets to listen on: bound, or passed by systemd."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Protocol

import pytest

from exporter.errors import ConfigError
from exporter.web.server.listen import bind, inherited, written
from tests.support.program import NO_ENGINE, get
from tests.support.web_clients import reserved


class HasFileno(Protocol):
    """A socket or a file."""

    def fileno(self) -> int:
        """Return its descriptor."""


# What systemd does: the sockets from descriptor 3 on, and the pid of the program that it becomes.
AS_SYSTEMD = """
import os, sys
for target, source in enumerate(map(int, sys.argv[1].split(",")), 3):
    os.dup2(source, target, inheritable=True)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(target - 2), LISTEN_FDNAMES="web")
os.execv(sys.argv[2], sys.argv[2:])
"""


def bound(*addresses: tuple[str | None, int]) -> list[str]:
    sockets = bind(addresses)
    try:
        return list(written(sockets))
    finally:
        for one in sockets:
            one.close()


def test_every_address_is_both_families() -> None:
    with reserved("::") as port:
        assert set(bound((None, port))) == {f"0.0.0.0:{port}", f"[::]:{port}"}


def test_several_addresses_are_all_bound() -> None:
    first, second = bound(("127.0.0.1", 0), ("::1", 0))
    assert first.startswith("127.0.0.1:")
    assert second.startswith("[::1]:")


def test_when_one_address_cannot_be_had_none_is_kept() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, reserved() as port:
        with pytest.raises(ConfigError, match="in use"):
            bound(("127.0.0.1", port), ("127.0.0.1", taken.getsockname()[1]))
        socket.create_server(("127.0.0.1", port)).close()


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"LISTEN_PID": "1", "LISTEN_FDS": "1"},
        {"LISTEN_PID": "7", "LISTEN_FDS": "0"},
        {"LISTEN_PID": "7", "LISTEN_FDS": "many"},
        {"LISTEN_PID": "7"},
        {"LISTEN_FDS": "1"},
    ],
)
def test_without_a_socket_for_this_process_nothing_can_be_served(environment: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=r"^--web.systemd-socket: "):
        inherited(environment, 7)


def test_what_systemd_said_is_not_passed_on() -> None:
    environment = {"LISTEN_PID": "1", "LISTEN_FDS": "1", "LISTEN_FDNAMES": "web", "PATH": "/bin"}
    with pytest.raises(ConfigError):
        inherited(environment, 7)
    assert environment == {"PATH": "/bin"}


@pytest.fixture
def unix_socket(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "web.sock"))
        listener.listen()
        yield listener


def as_systemd(*passed: HasFileno) -> subprocess.Popen[str]:
    """Start the exporter with descriptors, as systemd would."""
    descriptors = [one.fileno() for one in passed]
    flags = ("--log.format", "json", "--docker.host", NO_ENGINE, "--web.systemd-socket")
    program = [sys.executable, "-m", "exporter", *flags]
    return subprocess.Popen(
        [sys.executable, "-c", AS_SYSTEMD, ",".join(map(str, descriptors)), *program],
        pass_fds=descriptors,
        stderr=subprocess.PIPE,
        text=True,
    )


def addresses(process: subprocess.Popen[str]) -> list[str]:
    assert process.stderr
    for line in process.stderr:
        entry = json.loads(line)
        if entry["event"] == "listening":
            return list(entry["addresses"])
    raise AssertionError(f"it ended with {process.wait()}")


def test_sockets_of_systemd_are_served_and_no_address_is(unix_socket: socket.socket) -> None:
    with socket.create_server(("127.0.0.1", 0)) as tcp, as_systemd(tcp, unix_socket) as process:
        try:
            address = f"127.0.0.1:{tcp.getsockname()[1]}"
            assert addresses(process) == [address, unix_socket.getsockname()]
            assert get(address, "/-/healthy") == (200, "healthy\n")
            with closing(socket.socket(socket.AF_UNIX)) as client:
                client.connect(unix_socket.getsockname())
                client.sendall(b"GET /-/healthy HTTP/1.0\r\n\r\n")
                assert client.recv(1000).startswith(b"HTTP/1.1 200 OK")
        finally:
            process.terminate()


def test_a_socket_that_does_not_listen_is_refused() -> None:
    with socket.socket() as idle, as_systemd(idle) as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert err.splitlines()[-1] == (
        "dockernet-exporter: --web.systemd-socket: descriptor 3 is not a listening stream socket"
    )


def test_a_file_is_no_socket(tmp_path: Path) -> None:
    with (tmp_path / "file").open("w") as file, as_systemd(file) as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert err.splitlines()[-1] == "dockernet-exporter: --web.systemd-socket: descriptor 3 is not a socket"


def test_without_systemd_the_flag_is_one_clear_line() -> None:
    program = [sys.executable, "-m", "exporter", "--docker.host", NO_ENGINE, "--web.systemd-socket"]
    ended = subprocess.run(program, capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 2
    assert ended.stderr.splitlines()[-1] == "dockernet-exporter: --web.systemd-socket: systemd passed no socket"
