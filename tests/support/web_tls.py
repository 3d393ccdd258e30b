"""Clients of a server with TLS, and what they negotiate with it."""

import http.client
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from exporter.web.access.config_file import WebConfigFile
from tests.support.web_running import Site, serving

MUTUAL = {"client_ca_file": "ca.pem", "client_auth_type": "RequireAndVerifyClientCert"}


@contextmanager
def locked(path: Path, client: ssl.SSLContext) -> Iterator[Site]:
    """A server behind a web config, asked by a client."""
    with serving(Site(tls=client), access=WebConfigFile(path).access) as site:
        yield site


def is_let_in(site: Site) -> bool:
    try:
        return site.request().status == 200
    except (OSError, http.client.HTTPException):
        return False


def negotiated(site: Site) -> ssl.SSLSocket:
    """The socket of a client that has been answered."""
    connection = site.connection()
    connection.request("GET", "/-/healthy")
    connection.getresponse().read()
    assert isinstance(connection.sock, ssl.SSLSocket)
    return connection.sock


def version_of(site: Site) -> str | None:
    with negotiated(site) as sock:
        return sock.version()


def cipher_of(site: Site) -> str:
    with negotiated(site) as sock:
        return (sock.cipher() or ("none",))[0]


def certificate_of(site: Site) -> bytes | None:
    with negotiated(site) as sock:
        return sock.getpeercert(binary_form=True)
