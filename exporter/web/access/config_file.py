"""The file of --web.config.file: read for every connection and request, parsed when it differs.

All of its bytes and those of the files that it names are compared, in less than 0.1 ms: a time of change may stay the
same. An invalid file is logged once, and the last valid state stays in effect.
"""

import os
import stat
from pathlib import Path

from msgspec import Struct

from exporter.errors import ConfigError
from exporter.log import get_logger
from exporter.web.access.access import EMPTY, OPEN, Access
from exporter.web.access.config import TlsSettings, WebConfig
from exporter.web.access.config_parser import parse_web_config
from exporter.web.access.tls import Pems, make_tls

MAX_BYTES = 1 << 20

log = get_logger(component="web")


class FileState(Struct, frozen=True):
    """The settings and the contents of the files that they name, or a problem."""

    config: WebConfig = EMPTY
    pems: Pems | None = None
    problem: str = ""


class WebConfigFile:
    """Holds the last valid state. Making one raises ConfigError when there is none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._text, self._config = b"", EMPTY
        self._last = self._read()
        try:
            self._access = _make_access(self._last)
        except ConfigError as error:
            raise ConfigError(f"--web.config.file: {path}: {error}") from None

    def access(self) -> Access:
        """Return the state of this moment."""
        read = self._read()
        if read != self._last:
            self._last = read
            self._apply(read)
        return self._access

    def _read(self) -> FileState:
        try:
            text = _read(self._path)
            config = self._config if text == self._text else parse_web_config(text)
            self._text, self._config = text, config
            return FileState(config, read_pems(config.tls, self._path.parent) if config.tls else None)
        except ConfigError as error:
            return FileState(problem=str(error))

    def _apply(self, read: FileState) -> None:
        try:
            access, problem = _make_access(read), ""
        except ConfigError as error:
            access, problem = OPEN, str(error)
        if access.config == EMPTY:  # what a file looks like while it is written
            problem = problem or "the file is empty; only a restart applies that"
        if problem:
            log.error("invalid web config, keeping the previous one", file=str(self._path), problem=problem)
            return
        log.info("web config reloaded", file=str(self._path), tls=bool(access.tls), users=len(access.config.users))
        self._access = access


def read_pems(settings: TlsSettings, folder: Path) -> Pems:
    """Read the files, relative to the folder of the web config. Raises ConfigError with the file's key."""
    has_ca = settings.client_ca_file or settings.client_ca
    return Pems(
        cert=_read_pem(settings.cert_file, settings.cert, "cert_file", folder),
        key=_read_pem(settings.key_file, settings.key, "key_file", folder),
        client_ca=_read_pem(settings.client_ca_file, settings.client_ca, "client_ca_file", folder) if has_ca else None,
    )


def _read_pem(file: str, text: str, key: str, folder: Path) -> bytes:
    if not file:
        return text.encode()
    try:
        return _read(folder / file)
    except ConfigError as error:
        raise ConfigError(f"tls_server_config.{key}: {folder / file}: {error}") from None


def _read(path: Path) -> bytes:
    """Read on the event loop: a FIFO must not block it, nor a device be read without end. Raises ConfigError."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            kind = os.fstat(descriptor).st_mode
            text = os.read(descriptor, MAX_BYTES + 1) if stat.S_ISREG(kind) or stat.S_ISDIR(kind) else None
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL
        raise ConfigError(getattr(error, "strerror", None) or str(error)) from None
    if text is None:
        raise ConfigError("not a regular file")
    if len(text) > MAX_BYTES:
        raise ConfigError(f"larger than {MAX_BYTES} bytes")
    return text


def _make_access(read: FileState) -> Access:
    if read.problem:
        raise ConfigError(read.problem)
    return Access(read.config, make_tls(read.config.tls, read.pems) if read.config.tls and read.pems else None)
