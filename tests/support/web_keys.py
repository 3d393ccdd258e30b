"""Certificates made for a test, the files that a web config names, and clients that trust them."""

import ssl
import tempfile
from collections.abc import Mapping
from pathlib import Path

import trustme

HOST = "127.0.0.1"


class Keys:
    """An authority, and a folder with a server's certificate from it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = trustme.CA()
        (folder / "ca.pem").write_bytes(self.authority.cert_pem.bytes())
        self.renew()

    def renew(self) -> bytes:
        """Put a new certificate in place of the server's, as a renewal does; its DER."""
        issued = self.authority.issue_cert(HOST)
        (self.folder / "key.pem").write_bytes(issued.private_key_pem.bytes())
        (self.folder / "cert.pem").write_bytes(b"".join(pem.bytes() for pem in issued.cert_chain_pems))
        return ssl.PEM_cert_to_DER_cert(issued.cert_chain_pems[0].bytes().decode())

    def config(self, more: str = "", *, tls: Mapping[str, str] = {}) -> Path:
        """Write a web config with TLS, with further keys of tls_server_config and further sections."""
        keys = {"cert_file": "cert.pem", "key_file": "key.pem", **tls}
        lines = ["tls_server_config:", *(f"  {key}: {value}" for key, value in keys.items())]
        path = self.folder / "web.yml"
        path.write_text("\n".join(lines) + f"\n{more}\n")
        return path

    def client(self, *names: str, by: trustme.CA | None = None) -> ssl.SSLContext:
        """A client that trusts the authority; with names, one with a certificate from it or from another."""
        context = ssl.create_default_context()
        self.authority.configure_trust(context)
        if names:
            issued = (by or self.authority).issue_cert(*names)
            with tempfile.NamedTemporaryFile(suffix=".pem") as file:
                file.write(issued.private_key_and_cert_chain_pem.bytes())
                file.flush()
                context.load_cert_chain(file.name)
        return context
