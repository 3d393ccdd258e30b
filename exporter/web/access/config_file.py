"""The file of --web.config.file as it is now: looked at for every connection and request, parsed when it differs.

All of its bytes and those of the files it names are compared, which takes less than a tenth of a millisecond and
misses nothing, as times of change may. What cannot be used is logged once, and the last good state stays.
"""

from dataclasses import dataclass
from pathlib import Path

import structlog

from exporter.errors import ConfigError
from exporter.web.access.access import EMPTY, OPEN, Access
from exporter.web.access.config import TlsSettings, WebConfig
from exporter.web.access.config_parser import parse_web_config
from exporter.web.access.tls import Pems, make_tls

log = structlog.get_logger(component="web")


@dataclass(frozen=True, slots=True)
class Look:
    """What one look found: the settings and the contents of the files they name, or a problem."""

    config: WebConfig = EMPTY
    pems: Pems | None = None
    problem: str = ""


class WebConfigFile:
    """Holds the last good state. Making one raises ConfigError when there is none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._text, self._config = b"", EMPTY
        self._seen = self._look()
        try:
            self._access = _make_access(self._seen)
        except ConfigError as error:
            raise ConfigError(f"--web.config.file: {path}: {error}") from None

    def access(self) -> Access:
        """Return the state of this moment."""
        seen = self._look()
        if seen != self._seen:
            self._seen = seen
            self._take(seen)
        return self._access

    def _look(self) -> Look:
        try:
            text = _read(self._path)
            config = self._config if text == self._text else parse_web_config(text)
            self._text, self._config = text, config
            return Look(config, read_pems(config.tls, self._path.parent) if config.tls else None)
        except ConfigError as error:
            return Look(problem=str(error))

    def _take(self, seen: Look) -> None:
        try:
            access, problem = _make_access(seen), ""
        except ConfigError as error:
            access, problem = OPEN, str(error)
        if access.config == EMPTY:  # what a file looks like while it is written
            problem = problem or "nothing is in it; a restart would take that"
        if problem:
            log.error("web config cannot be used, the last good one stays", file=str(self._path), problem=problem)
            return
        log.info("web config taken", file=str(self._path), tls=bool(access.tls), users=len(access.config.users))
        self._access = access


def read_pems(settings: TlsSettings, folder: Path) -> Pems:
    """Read the files, relative ones from the folder of the file that names them. ConfigError names what cannot be."""
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
    try:
        return path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL
        raise ConfigError(getattr(error, "strerror", None) or str(error)) from None


def _make_access(seen: Look) -> Access:
    if seen.problem:
        raise ConfigError(seen.problem)
    return Access(seen.config, make_tls(seen.config.tls, seen.pems) if seen.config.tls and seen.pems else None)
