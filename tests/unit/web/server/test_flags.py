"""The server's flags, on the program as an operator starts it."""

import http.client
import ssl
from pathlib import Path

import pytest

from exporter.cli.build_config import build_config
from exporter.cli.main import cli
from exporter.config import Config
from tests.support.program import LOOPBACK, NO_ENGINE, listening, started
from tests.support.web_keys import Keys


def configured(*flags: str) -> Config:
    return build_config(cli.make_context("dockernet-exporter", list(flags)).params)


def test_flags_and_their_defaults_arrive() -> None:
    plain = configured()
    assert (plain.web_config_file, plain.systemd_socket, plain.max_requests) == (None, False, 40)
    chosen = configured("--web.config.file", "/etc/web.yml", "--web.systemd-socket", "--web.max-requests", "0")
    assert (chosen.web_config_file, chosen.systemd_socket, chosen.max_requests) == (Path("/etc/web.yml"), True, 0)


def test_flags_are_environment_variables_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKERNET_WEB_CONFIG_FILE", "web.yml")
    monkeypatch.setenv("DOCKERNET_WEB_SYSTEMD_SOCKET", "1")
    monkeypatch.setenv("DOCKERNET_WEB_MAX_REQUESTS", "7")
    config = configured()
    assert (config.web_config_file, config.systemd_socket, config.max_requests) == (Path("web.yml"), True, 7)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (None, "No such file or directory"),
        ("basic_auth_users: {alice: wonderland}", "'alice'"),
        (
            "tls_server_config: {cert_file: nowhere.pem, key_file: k.pem}",
            "{}/nowhere.pem: ",
        ),
    ],
)
def test_a_config_that_cannot_be_used_is_one_line(tmp_path: Path, text: str | None, named: str) -> None:
    path = tmp_path / "web.yml"
    if text is not None:
        path.write_text(text)
    with started("--docker.host", NO_ENGINE, *LOOPBACK, "--web.config.file", str(path)) as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert len(err.splitlines()) == 1
    assert err.startswith(f"dockernet-exporter: --web.config.file: {path}: ")
    assert named.format(tmp_path) in err


def test_the_program_serves_tls(keys: Keys) -> None:
    with started("--docker.host", NO_ENGINE, *LOOPBACK, "--web.config.file", str(keys.config())) as process:
        host, _, port = listening(process).rpartition(":")
        connection = http.client.HTTPSConnection(host, int(port), timeout=60, context=keys.client())
        connection.request("GET", "/metrics")
        assert b"\ndockernet_up 0.0\n" in connection.getresponse().read()
        connection.close()
        with pytest.raises(ssl.SSLCertVerificationError):
            http.client.HTTPSConnection(host, int(port), timeout=60, context=ssl.create_default_context()).connect()
