"""An engine on TCP with TLS: a real server with real certificates."""

import http.server
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme

from exporter.docker_engine.client import EngineClient
from exporter.docker_engine.settings import Limits, Timing
from exporter.docker_engine.tls import EngineTls, read_tls, tls_folder
from exporter.errors import ConfigError, EngineError

VERSION = {"Version": "28.5.2", "ApiVersion": "1.51"}
TCP = "tcp://127.0.0.1:2376"


class Engine(http.server.BaseHTTPRequestHandler):
    """Answers as an engine without containers."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Each list is empty."""
        path = self.path.partition("?")[0]
        found: Any = VERSION if path == "/version" else [] if path.endswith("/json") else {}
        body = json.dumps(found if not path.endswith("/version") else VERSION).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class QuietServer(http.server.ThreadingHTTPServer):
    """Handshakes that fail are what is tested."""

    def handle_error(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def engine(certificate: trustme.LeafCert, clients: trustme.CA | None) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    if clients:
        clients.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
    with QuietServer(("127.0.0.1", 0), Engine) as server:
        # The handshake is that of the connection's own thread, not of the one that accepts.
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"tcp://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


CA, OTHER = trustme.CA(), trustme.CA()
SERVER = CA.issue_cert("127.0.0.1")


def folder(path: Path, ca: trustme.CA, client: trustme.LeafCert | None = None) -> Path:
    """The files of DOCKER_CERT_PATH."""
    ca.cert_pem.write_to_path(path / "ca.pem")
    if client:
        client.cert_chain_pems[0].write_to_path(path / "cert.pem")
        client.private_key_pem.write_to_path(path / "key.pem")
    return path


def containers(url: str, tls: EngineTls | None) -> object:
    client = EngineClient(url, Timing(), Limits(), tls)
    try:
        return client.containers()
    finally:
        client.close()


def test_the_engine_is_read_with_a_certificate_of_the_client(tmp_path: Path) -> None:
    with engine(SERVER, CA) as url:
        assert containers(url, read_tls(folder(tmp_path, CA, CA.issue_cert("exporter")))) == []


def test_the_client_needs_no_certificate_of_its_own(tmp_path: Path) -> None:
    with engine(SERVER, None) as url:
        assert containers(url, read_tls(folder(tmp_path, CA))) == []


@pytest.mark.parametrize(
    ("ca", "certificate", "client"),
    [
        (OTHER, SERVER, CA.issue_cert("exporter")),
        (CA, CA.issue_cert("engine.example"), CA.issue_cert("exporter")),
        (CA, SERVER, None),
        (CA, SERVER, OTHER.issue_cert("exporter")),
    ],
    ids=["another authority's engine", "another host's certificate", "no certificate", "a stranger's certificate"],
)
def test_it_is_refused_and_said_in_one_line(
    tmp_path: Path, ca: trustme.CA, certificate: trustme.LeafCert, client: trustme.LeafCert | None
) -> None:
    tls = read_tls(folder(tmp_path, ca, client))
    with engine(certificate, CA) as url, pytest.raises(EngineError) as caught:
        containers(url, tls)
    assert len(str(caught.value).splitlines()) == 1


def test_plain_http_is_not_spoken_to_it() -> None:
    with engine(SERVER, None) as url, pytest.raises(EngineError):
        containers(url, None)


@pytest.mark.parametrize(
    ("host", "environment", "used"),
    [
        (TCP, {"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "{}"}, True),
        ("127.0.0.1:2376", {"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "{}"}, True),
        (TCP, {"DOCKER_TLS_VERIFY": "", "DOCKER_CERT_PATH": "{}"}, False),
        (TCP, {"DOCKER_CERT_PATH": "{}"}, False),
        (TCP, {}, False),
        ("unix:///run/docker.sock", {"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "{}"}, False),
    ],
)
def test_the_environment_is_that_of_docker(
    tmp_path: Path, host: str, environment: dict[str, str], *, used: bool
) -> None:
    folder(tmp_path, CA)
    values = {name: value.format(tmp_path) for name, value in environment.items()}
    assert tls_folder(host, None, values) == (tmp_path if used else None)


def test_without_a_path_it_is_the_folder_of_docker(tmp_path: Path) -> None:
    (tmp_path / ".docker").mkdir()
    folder(tmp_path / ".docker", CA)
    assert tls_folder(TCP, None, {"DOCKER_TLS_VERIFY": "1", "HOME": str(tmp_path)}) == tmp_path / ".docker"


def test_a_missing_file_and_a_flag_without_effect_are_errors(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"ca\.pem' is not a file"):
        tls_folder(TCP, tmp_path, {})
    folder(tmp_path, CA)
    (tmp_path / "cert.pem").write_text("alone")
    with pytest.raises(ConfigError, match=r"key\.pem' is not a file"):
        tls_folder(TCP, tmp_path, {})
    with pytest.raises(ConfigError, match="no effect"):
        tls_folder("unix:///run/docker.sock", tmp_path, {})
