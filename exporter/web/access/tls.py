"""TLS: the context of new connections, and the rule for clients' certificates."""

import contextlib
import ipaddress
import os
import ssl
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from exporter.errors import ConfigError
from exporter.web.access.config import ClientAuth, TlsSettings
from exporter.web.access.tls_names import CIPHERS, CURVES, VERSIONS

# How a client certificate is verified. Go's RequestClientCert ignores the certificate, so none is requested here. Go's
# RequireAnyClientCert accepts any certificate; here it has a CA (the config parser requires one) and verifies.
VERIFY = {
    ClientAuth.NONE: ssl.CERT_NONE,
    ClientAuth.ASK: ssl.CERT_NONE,
    ClientAuth.ANY: ssl.CERT_REQUIRED,
    ClientAuth.VERIFY_IF_GIVEN: ssl.CERT_OPTIONAL,
    ClientAuth.VERIFY: ssl.CERT_REQUIRED,
}
OLD_VERSIONS = {"TLS10", "TLS11"}


@dataclass(frozen=True, slots=True)
class Pems:
    """The contents of the files that the settings name, or the text given instead."""

    cert: bytes
    key: bytes = field(repr=False)
    client_ca: bytes | None


@dataclass(frozen=True, slots=True)
class ClientRule:
    """The rule for clients; connections made under another rule are closed."""

    client_auth: ClientAuth
    client_ca: bytes | None
    allowed_sans: tuple[str, ...]

    def admits(self, certificate: Mapping[str, Any]) -> bool:
        """Whether one of its names is allowed; `certificate` is what ssl's getpeercert returns."""
        return not self.allowed_sans or not alternative_names(certificate).isdisjoint(self.allowed_sans)


@dataclass(frozen=True, slots=True)
class ServerTls:
    """The TLS configuration of new connections."""

    context: ssl.SSLContext
    clients: ClientRule


def make_tls(settings: TlsSettings, pems: Pems) -> ServerTls:
    """Make a new context, so that no setting of an earlier one remains. Raises ConfigError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    context.options |= ssl.OP_NO_RENEGOTIATION
    _set_versions(context, settings)
    _set_ciphers(context, settings)
    _set_curve(context, settings.curve_preferences)
    _load_chain(context, pems)
    context.verify_mode = VERIFY[settings.client_auth]
    if context.verify_mode is not ssl.CERT_NONE:
        _load_client_ca(context, pems.client_ca)
    return ServerTls(context, ClientRule(settings.client_auth, pems.client_ca, settings.client_allowed_sans))


def alternative_names(certificate: Mapping[str, Any]) -> set[str]:
    """Return the DNS names, addresses, e-mail addresses and URIs of a certificate, written as Go writes them."""
    names = set()
    for kind, value in certificate.get("subjectAltName", ()):
        if kind == "IP Address":
            names.add(str(ipaddress.ip_address(value)))  # OpenSSL writes IPv6 with all its zeros
        elif kind in ("DNS", "email", "URI"):
            names.add(value)
    return names


def _set_curve(context: ssl.SSLContext, wanted: Sequence[str]) -> None:
    """Take the first that is available: Python's ssl has no call for several, and none for X25519 on Debian 12."""
    if not wanted or set(wanted) == set(CURVES):
        return
    for name in wanted:
        with contextlib.suppress(ssl.SSLError):
            context.set_ecdh_curve(CURVES[name])
            return
    raise ConfigError(f"curve_preferences: none of {', '.join(wanted)} is available")


def _set_versions(context: ssl.SSLContext, settings: TlsSettings) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # old versions are the operator's choice
        context.minimum_version = VERSIONS[settings.min_version]
        context.maximum_version = VERSIONS[settings.max_version]


def _set_ciphers(context: ssl.SSLContext, settings: TlsSettings) -> None:
    ciphers = [CIPHERS[name] for name in settings.cipher_suites if CIPHERS[name]]
    if settings.cipher_suites and not ciphers:
        context.minimum_version = ssl.TLSVersion.TLSv1_3
    if settings.min_version in OLD_VERSIONS:
        ciphers = [*(ciphers or ["DEFAULT"]), "@SECLEVEL=0"]  # their signatures are below OpenSSL's usual level
    if ciphers:
        context.set_ciphers(":".join(ciphers))
    if not settings.prefer_server_cipher_suites:
        context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE


def _load_chain(context: ssl.SSLContext, pems: Pems) -> None:
    """Load certificate and key from memory: Python's ssl takes files only, and a key belongs on no disk anew."""

    def no_password() -> str:
        raise ConfigError("the key is encrypted: an encrypted key is not supported")

    with open(os.memfd_create("certificate"), "wb", buffering=0) as file:  # noqa: PTH123  a descriptor has no path
        file.write(pems.cert + b"\n" + pems.key)
        try:
            context.load_cert_chain(f"/proc/self/fd/{file.fileno()}", password=no_password)
        except ssl.SSLError as error:
            mismatch = error.reason == "KEY_VALUES_MISMATCH"
            problem = "do not match" if mismatch else "are not both PEM"
            raise ConfigError(f"certificate and key {problem}") from None


def _load_client_ca(context: ssl.SSLContext, client_ca: bytes | None) -> None:
    """Trust the given authorities, or the system's where the file names none, as Go does."""
    if client_ca is None:
        context.load_default_certs(ssl.Purpose.CLIENT_AUTH)
        return
    try:
        context.load_verify_locations(cadata=client_ca.decode("ascii", "replace"))
    except (ssl.SSLError, ValueError):  # ValueError: it is empty
        raise ConfigError("client_ca has no PEM certificate") from None
