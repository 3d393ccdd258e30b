"""TLS as the file of --web.config.file wants it, shown by handshakes with a real server."""

import ssl
import warnings

import pytest
from structlog.testing import LogCapture

from exporter.errors import ConfigError
from exporter.web.access.config import TlsSettings
from exporter.web.access.config_file import WebConfigFile
from exporter.web.access.tls import Pems, make_tls
from tests.support.web_keys import Keys
from tests.support.web_running import Site, serving
from tests.support.web_tls import MUTUAL, certificate_of, cipher_of, is_let_in, locked, negotiated, version_of


def at_most(client: ssl.SSLContext, version: ssl.TLSVersion) -> ssl.SSLContext:
    """The client with no newer TLS, as an old program would be."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        client.minimum_version, client.maximum_version = ssl.TLSVersion.TLSv1, version
    client.set_ciphers("DEFAULT:@SECLEVEL=0")
    return client


def test_who_trusts_the_certificate_is_answered(keys: Keys) -> None:
    with locked(keys.config(), keys.client()) as site:
        assert site.request().body == b"text\n"
        assert version_of(site) == "TLSv1.3"


def test_who_speaks_no_tls_gets_nothing(keys: Keys) -> None:
    with locked(keys.config(), keys.client()) as site:
        site.tls = None
        assert not is_let_in(site)


def test_who_speaks_tls_to_an_open_door_gets_nothing(keys: Keys) -> None:
    with serving(Site(tls=keys.client())) as site:
        assert not is_let_in(site)


def test_certificate_and_key_may_stand_in_the_file(keys: Keys) -> None:
    indented = {name: (keys.folder / f"{name}.pem").read_text().replace("\n", "\n    ") for name in ("cert", "key")}
    path = keys.folder / "inline.yml"
    path.write_text(f"tls_server_config:\n  cert: |\n    {indented['cert']}\n  key: |\n    {indented['key']}\n")
    with locked(path, keys.client()) as site:
        assert is_let_in(site)


@pytest.mark.parametrize(
    ("tls", "client", "version"),
    [
        ({}, ssl.TLSVersion.TLSv1_2, "TLSv1.2"),
        ({}, ssl.TLSVersion.TLSv1_1, None),
        ({"min_version": "TLS13"}, ssl.TLSVersion.TLSv1_2, None),
        ({"max_version": "TLS12"}, ssl.TLSVersion.TLSv1_3, "TLSv1.2"),
        ({"min_version": "TLS10"}, ssl.TLSVersion.TLSv1_1, "TLSv1.1"),
        ({"min_version": "TLS10"}, ssl.TLSVersion.TLSv1, "TLSv1"),
    ],
)
def test_versions_are_those_of_the_file(
    keys: Keys, tls: dict[str, str], client: ssl.TLSVersion, version: str | None
) -> None:
    with locked(keys.config(tls=tls), at_most(keys.client(), client)) as site:
        assert (version_of(site) if is_let_in(site) else None) == version


@pytest.mark.parametrize(
    ("suites", "client", "chosen"),
    [
        ("[TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]", "ECDHE+AESGCM", "ECDHE-ECDSA-AES128-GCM-SHA256"),
        ("[TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]", "ECDHE-ECDSA-AES256-GCM-SHA384", None),
        ("[TLS_AES_128_GCM_SHA256]", "ECDHE+AESGCM", None),
    ],
)
def test_suites_of_tls_1_2_are_those_of_the_file(keys: Keys, suites: str, client: str, chosen: str | None) -> None:
    asking = keys.client()
    asking.maximum_version = ssl.TLSVersion.TLSv1_2
    asking.set_ciphers(client)
    with locked(keys.config(tls={"cipher_suites": suites}), asking) as site:
        assert (cipher_of(site) if is_let_in(site) else None) == chosen


@pytest.mark.parametrize(("prefer", "chosen"), [("true", "AES256"), ("false", "AES128")])
def test_whose_order_of_suites_counts_is_chosen(keys: Keys, prefer: str, chosen: str) -> None:
    asking = keys.client()
    asking.maximum_version = ssl.TLSVersion.TLSv1_2
    asking.set_ciphers("ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384")
    suites = "[TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]"
    tls = {"cipher_suites": suites, "prefer_server_cipher_suites": prefer}
    with locked(keys.config(tls=tls), asking) as site:
        assert chosen in cipher_of(site)


@pytest.mark.parametrize(
    ("curves", "client", "let_in"),
    [
        ("[CurveP521]", "secp521r1", True),
        ("[CurveP521]", "prime256v1", False),
        ("[X25519, CurveP256]", "X25519", True),
        ("[CurveP256, CurveP384, CurveP521, X25519]", "secp384r1", True),
    ],
)
def test_curves_are_those_of_the_file(keys: Keys, curves: str, client: str, let_in: bool) -> None:  # noqa: FBT001  the answer
    asking = keys.client()
    try:
        asking.set_ecdh_curve(client)
    except ssl.SSLError:
        pytest.skip(f"this Python cannot choose {client}")
    with locked(keys.config(tls={"curve_preferences": curves}), asking) as site:
        assert is_let_in(site) == let_in


def test_the_first_curve_that_is_available_is_taken(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    real = ssl.SSLContext.set_ecdh_curve

    def without_x25519(context: ssl.SSLContext, name: str) -> None:
        if name == "X25519":
            raise ssl.SSLError("unknown group")
        real(context, name)

    asking = keys.client()
    asking.set_ecdh_curve("prime256v1")
    monkeypatch.setattr(ssl.SSLContext, "set_ecdh_curve", without_x25519)
    with locked(keys.config(tls={"curve_preferences": "[X25519, CurveP256]"}), asking) as site:
        assert is_let_in(site)
    with pytest.raises(ConfigError, match="none of X25519 is available"):
        make_tls(TlsSettings(curve_preferences=("X25519",)), Pems(b"", b"", None))


@pytest.mark.parametrize("http2", ["true", "false"])
def test_http2_may_be_named_and_http1_is_spoken(keys: Keys, http2: str) -> None:
    asking = keys.client()
    asking.set_alpn_protocols(["h2", "http/1.1"])
    with locked(keys.config(f"http_server_config: {{http2: {http2}}}"), asking) as site, negotiated(site) as sock:
        assert sock.selected_alpn_protocol() == "http/1.1"


def test_a_new_certificate_is_shown_to_the_next_client_without_a_restart(keys: Keys) -> None:
    path = keys.config()
    first = keys.renew()
    with locked(path, keys.client()) as site, negotiated(site) as kept:
        assert certificate_of(site) == first
        second = keys.renew()
        assert certificate_of(site) == second != first
        kept.sendall(b"GET /metrics HTTP/1.1\r\nHost: kept\r\n\r\n")
        assert kept.recv(1000).startswith(b"HTTP/1.1 200")


def test_tls_can_be_turned_on_while_the_server_runs(keys: Keys) -> None:
    path = keys.folder / "web.yml"
    path.write_text("rate_limit: {interval: 1ms, burst: 1000}")
    with serving(Site(), access=WebConfigFile(path).access) as site:
        assert is_let_in(site)
        keys.config()
        assert not is_let_in(site)
        site.tls = keys.client()
        assert is_let_in(site)


def test_failed_handshakes_are_no_news(keys: Keys, log: LogCapture) -> None:
    with locked(keys.config(tls={**MUTUAL}), keys.client()) as site:
        assert not is_let_in(site)
        site.tls = None
        assert not is_let_in(site)
        site.tls = keys.client("a.example")
        assert is_let_in(site)
    assert {entry["log_level"] for entry in log.entries} <= {"debug"}
