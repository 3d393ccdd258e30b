"""`dockernet-exporter healthcheck` against running exporters, and against what is none."""

import os
import socket
import subprocess
import threading
from pathlib import Path

import pytest

from exporter.cli.healthcheck import why_unhealthy
from exporter.config import ListenAddress
from tests.support.http_server import Response, serving
from tests.support.program import COMMAND, LOOPBACK, NO_ENGINE, listening, started
from tests.support.web_clients import reserved
from tests.support.web_keys import Keys

PASSWORD = "basic_auth_users:\n  ops: $2b$04$abcdefghijklmnopqrstuuXKd1lC4Jf6PBXzDgXQhR6vyPkvlvkBm\n"  # noqa: S105
NO_PASSWORD = ""


def checked(*flags: str, env: dict[str, str] | None = None) -> tuple[int, str]:
    """Exit code and all output."""
    done = subprocess.run(
        [COMMAND, "--docker.host", NO_ENGINE, *flags, "healthcheck"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, **(env or {})},
    )
    return done.returncode, done.stdout + done.stderr


def test_a_running_exporter_is_healthy_and_nothing_is_said() -> None:
    with started("--docker.host", NO_ENGINE, *LOOPBACK) as process:
        assert checked("--web.listen-address", listening(process)) == (0, "")


def test_the_environment_says_where_to_ask() -> None:
    with started("--docker.host", NO_ENGINE, *LOOPBACK) as process:
        assert checked(env={"DOCKERNET_WEB_LISTEN_ADDRESS": listening(process)}) == (0, "")


@pytest.mark.parametrize("host", ["", "0.0.0.0", "[::]", "[::1]"])
def test_one_that_listens_on_every_address_is_asked_on_the_loopback(host: str) -> None:
    with started("--docker.host", NO_ENGINE, "--web.listen-address", f"{host}:0") as process:
        port = listening(process).rpartition(":")[2]
        assert checked("--web.listen-address", f"{host}:{port}") == (0, "")


def test_nobody_there_is_one_line_and_exit_code_one() -> None:
    with reserved() as port:
        address = f"127.0.0.1:{port}"
        code, said = checked("--web.listen-address", address)
    assert (code, len(said.splitlines())) == (1, 1)
    assert said.startswith(f"dockernet-exporter: {address} ")
    assert "Connection refused" in said


@pytest.mark.parametrize("status", [404, 500, 503])
def test_somebody_else_s_server_is_not_healthy(status: int) -> None:
    with serving(lambda _: Response(status=status)) as port:
        reason = why_unhealthy(ListenAddress("127.0.0.1", port))
    assert reason.startswith(f"127.0.0.1:{port}/-/healthy ")
    assert str(status) in reason


def test_one_that_accepts_and_says_nothing_is_not_healthy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        reason = why_unhealthy(ListenAddress("127.0.0.1", port))
    assert reason.startswith(f"127.0.0.1:{port} ")
    assert "timed out" in reason


def test_one_that_speaks_no_http_is_not_healthy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            with server.accept()[0] as connection:
                connection.recv(1000)
                connection.sendall(b"220 mail.example.org ESMTP\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        reason = why_unhealthy(ListenAddress("127.0.0.1", server.getsockname()[1]))
        thread.join()
    assert "220 mail.example.org ESMTP" in reason


@pytest.mark.parametrize(
    ("tls", "more"),
    [
        ({}, NO_PASSWORD),
        ({}, PASSWORD),
        ({"client_auth_type": "RequireAndVerifyClientCert", "client_ca_file": "ca.pem"}, NO_PASSWORD),
    ],
    ids=["TLS", "TLS and a password", "a client's certificate"],
)
def test_an_exporter_with_tls_is_healthy(tmp_path: Path, tls: dict[str, str], more: str) -> None:
    flags = ("--web.config.file", str(Keys(tmp_path).config(more, tls=tls)))
    with started("--docker.host", NO_ENGINE, *flags, *LOOPBACK) as process:
        address = listening(process)
        assert checked("--web.listen-address", address, *flags) == (0, "")
    assert checked("--web.listen-address", address, *flags)[0] == 1


def test_an_exporter_with_a_password_and_no_tls_is_healthy(tmp_path: Path) -> None:
    (tmp_path / "web.yml").write_text(PASSWORD)
    flags = ("--web.config.file", str(tmp_path / "web.yml"))
    with started("--docker.host", NO_ENGINE, *flags, *LOOPBACK) as process:
        assert checked("--web.listen-address", listening(process), *flags) == (0, "")
