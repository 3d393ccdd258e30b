"""TLS for an engine that listens on TCP, with the files and the environment variables of Docker's own command line."""

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from exporter.errors import ConfigError

VERIFY, CERT_PATH = "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"
NOT_TCP = frozenset({"unix", "http+unix", "ssh", "npipe"})
DEFAULT_FOLDER = ".docker"  # of the home folder
CA, CERT, KEY = "ca.pem", "cert.pem", "key.pem"


class EngineTls(Struct, frozen=True):
    """The authority that the engine's certificate is verified with, and this program's own certificate, if any.

    The files are read for each connection.
    """

    ca: Path
    client: tuple[Path, Path] | None = None


def tls_folder(host: str, folder: Path | None, environment: Mapping[str, str]) -> Path | None:
    """Return where the files for an engine's address are; None for plain TCP and for Unix sockets.

    `folder` is that of --docker.cert-path; without it the environment decides as it does for `docker`: TLS if
    DOCKER_TLS_VERIFY is not empty. Raises ConfigError for a flag without effect, and for files that are missing.
    """
    if host.partition("://")[0] in NOT_TCP:
        if folder:
            raise ConfigError(f"--docker.cert-path has no effect on {host}: expected tcp://HOST:PORT")
        return None
    if folder is None and environment.get(VERIFY):
        folder = Path(environment.get(CERT_PATH) or Path(environment.get("HOME", "/"), DEFAULT_FOLDER))
    read_tls(folder)
    return folder


def read_tls(folder: Path | None) -> EngineTls | None:
    """Return the files in a folder; the client's certificate is optional, and has a key. Raises ConfigError."""
    if folder is None:
        return None
    ca, cert, key = (folder / name for name in (CA, CERT, KEY))
    has_client = cert.exists() or key.exists()
    for file in (ca, cert, key) if has_client else (ca,):
        if not file.is_file():
            raise ConfigError(f"TLS of the engine: {str(file)!r} is not a file")
    return EngineTls(ca, (cert, key) if has_client else None)
