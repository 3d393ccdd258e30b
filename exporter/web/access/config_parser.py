"""From the text of the file of --web.config.file to a checked value.

A setting of the format that Python's TLS does not have is an error: no setting that restricts access is ignored.
"""

import re
from collections.abc import Mapping

import bcrypt

from exporter.errors import ConfigError
from exporter.web.access.config import ClientAuth, RateLimit, TlsSettings, WebConfig
from exporter.web.access.config_section import Section
from exporter.web.access.strict_yaml import parse_yaml
from exporter.web.access.tls_names import CIPHERS, CURVES, VERSIONS

HASH = re.compile(r"\$2[abxy]\$(0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}")
# The headers that the format lets one set, and the values that a header with few of them may have.
HEADERS: Mapping[str, tuple[str, ...]] = {
    "Content-Security-Policy": (),
    "Strict-Transport-Security": (),
    "X-Content-Type-Options": ("nosniff",),
    "X-Frame-Options": ("deny", "sameorigin"),
    "X-XSS-Protection": (),
}
CLIENT_AUTH = {kind.value: kind for kind in ClientAuth} | {"RequireClientCert": ClientAuth.ANY}  # an old name


def parse_web_config(text: bytes) -> WebConfig:
    """Parse and check the file's text; Raises ConfigError with one line, without secrets."""
    file = Section("", parse_yaml(text))
    tls = _parse_tls(file.section("tls_server_config"))
    http = file.section("http_server_config")
    config = WebConfig(
        tls=tls,
        http2=http.flag("http2", default=True),
        headers=_parse_headers(http.section("headers")),
        users=_parse_users(file.section("basic_auth_users")),
        rate_limit=_parse_rate_limit(file.section("rate_limit")),
    )
    http.reject_others()
    file.reject_others()
    return config


def _parse_tls(section: Section) -> TlsSettings | None:
    if section.empty:
        return None
    settings = TlsSettings(
        **{
            key: section.file(key) if key.endswith("_file") else section.text(key)
            for key in ("cert", "cert_file", "key", "key_file", "client_ca", "client_ca_file")
        },
        client_auth=CLIENT_AUTH[section.choice("client_auth_type", CLIENT_AUTH, ClientAuth.NONE.value)],
        client_allowed_sans=_parse_sans(section),
        min_version=section.choice("min_version", VERSIONS, "TLS12"),
        max_version=section.choice("max_version", VERSIONS, "TLS13"),
        cipher_suites=section.choices("cipher_suites", CIPHERS),
        prefer_server_cipher_suites=section.flag("prefer_server_cipher_suites", default=True),
        curve_preferences=section.choices("curve_preferences", CURVES),
    )
    section.reject_others()
    for problem in _tls_problems(settings):
        raise ConfigError(f"tls_server_config: {problem}")
    return settings


def _parse_sans(section: Section) -> tuple[str, ...]:
    sans = section.texts("client_allowed_sans")
    if sans == ():
        raise section.error("client_allowed_sans", "an empty list rejects all clients")
    return sans or ()


def _tls_problems(settings: TlsSettings) -> list[str]:
    """Return the conflicts between settings."""
    has_ca = bool(settings.client_ca or settings.client_ca_file)
    versions = list(VERSIONS)
    problems = {
        "missing one of cert or cert_file": not (settings.cert or settings.cert_file),
        "missing one of key or key_file": not (settings.key or settings.key_file),
        "min_version is above max_version": versions.index(settings.min_version) > versions.index(settings.max_version),
        "client_ca needs a client_auth_type: RequireAndVerifyClientCert": has_ca
        and settings.client_auth is ClientAuth.NONE,
        "RequireAnyClientCert without client_ca is not supported: "
        "use RequireAndVerifyClientCert with a client_ca": settings.client_auth is ClientAuth.ANY and not has_ca,
        "client_allowed_sans needs client_auth_type RequireAndVerifyClientCert": bool(settings.client_allowed_sans)
        and settings.client_auth not in (ClientAuth.ANY, ClientAuth.VERIFY),
        "cipher_suites has only suites of TLS 1.3, and max_version is lower": settings.max_version != "TLS13"
        and settings.cipher_suites != ()
        and not any(CIPHERS[name] for name in settings.cipher_suites),
    }
    return [problem for problem, holds in problems.items() if holds]


def _parse_headers(section: Section) -> Mapping[str, str]:
    # Spaces around a value are not part of it (RFC 9110, section 5.5), and h11 refuses to send them.
    headers = {name: section.text(name).strip(" ") for name in HEADERS}
    section.reject_others()
    given = {name: value for name, value in headers.items() if section.has(name)}
    for name, value in given.items():
        if HEADERS[name] and value and value not in HEADERS[name]:
            raise section.error(name, f"invalid value {value!r}: expected one of {', '.join(HEADERS[name])}")
        if not value.isprintable():
            raise section.error(name, "invalid header: more than one line")
    return given


def _parse_users(section: Section) -> Mapping[str, bytes]:
    users = section.mapping()
    for name, hashed in users.items():
        if ":" in name:
            raise ConfigError(f"invalid name {name!r} in basic_auth_users: a colon is not allowed")
        if not _is_bcrypt(hashed):
            raise ConfigError(f"the password of {name!r} in basic_auth_users is not a bcrypt hash")
    return {name: hashed.encode() for name, hashed in users.items()}


def _is_bcrypt(hashed: str) -> bool:
    """Whether bcrypt takes it; tried at the lowest cost, since the true one may be a second's work."""
    if not HASH.fullmatch(hashed):
        return False
    try:
        bcrypt.checkpw(b"", f"{hashed[:4]}04{hashed[6:]}".encode())
    except ValueError:
        return False
    return True


def _parse_rate_limit(section: Section) -> RateLimit | None:
    interval, burst = section.seconds("interval"), section.number("burst")
    section.reject_others()
    if not interval:
        return None
    if not burst:
        raise section.error("burst", "must be 1 or more: without a burst every request is rejected")
    return RateLimit(interval, burst)
