"""The settings of --web.config.file as frozen values; the format is that of Prometheus' exporter-toolkit."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


class ClientAuth(Enum):
    """Client authentication, by the names of Go's crypto/tls."""

    NONE = "NoClientCert"
    ASK = "RequestClientCert"
    ANY = "RequireAnyClientCert"
    VERIFY_IF_GIVEN = "VerifyClientCertIfGiven"
    VERIFY = "RequireAndVerifyClientCert"


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """tls_server_config. A file has precedence over the text itself; paths are as written."""

    cert: str = ""
    cert_file: str = ""
    key: str = field(default="", repr=False)
    key_file: str = ""
    client_ca: str = ""
    client_ca_file: str = ""
    client_auth: ClientAuth = ClientAuth.NONE
    client_allowed_sans: tuple[str, ...] = ()
    min_version: str = "TLS12"
    max_version: str = "TLS13"
    cipher_suites: tuple[str, ...] = ()
    prefer_server_cipher_suites: bool = True
    curve_preferences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RateLimit:
    """A request each `interval` seconds on average, `burst` at once, for each client."""

    interval: float
    burst: int


@dataclass(frozen=True, slots=True)
class WebConfig:
    """The whole file. `http2` is accepted without effect: the server supports HTTP/1.1 only."""

    tls: TlsSettings | None = None
    http2: bool = True
    headers: Mapping[str, str] = field(default_factory=dict)
    users: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    rate_limit: RateLimit | None = None
