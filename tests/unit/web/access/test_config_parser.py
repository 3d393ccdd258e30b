"""The text of a web config: what it means, and one test for each way to get it wrong."""

from pathlib import Path
from typing import Any

import bcrypt
import pytest

from exporter.errors import ConfigError
from exporter.web.access.config import ClientAuth, RateLimit, TlsSettings, WebConfig
from exporter.web.access.config_parser import parse_web_config
from exporter.web.access.tls_names import CIPHERS, CURVES

# One salt: the names of parametrized tests must be the same in every worker of a run.
HASH = bcrypt.hashpw(b"secret", b"$2b$04$......................").decode()
CERT = "cert_file: c.pem, key_file: k.pem"

EVERYTHING = f"""
tls_server_config:
  cert_file: server.crt
  key_file: /etc/keys/server.key
  client_ca_file: ca.crt
  client_auth_type: RequireAndVerifyClientCert
  client_allowed_sans: [prometheus.example, 10:20, 127.0.0.1]
  min_version: TLS12
  max_version: TLS13
  cipher_suites:
    - TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
    - TLS_AES_128_GCM_SHA256
  prefer_server_cipher_suites: no
  curve_preferences: [CurveP521]
http_server_config:
  http2: false
  headers:
    Content-Security-Policy: default-src 'self'
    X-Frame-Options: deny
    X-Content-Type-Options: nosniff
    X-XSS-Protection: 0
    Strict-Transport-Security: ""
basic_auth_users:
  alice: {HASH}
  42: {HASH}
rate_limit:
  interval: 1m1.5s
  burst: 20
"""


def test_every_key_arrives() -> None:
    assert parse_web_config(EVERYTHING.encode()) == WebConfig(
        tls=TlsSettings(
            cert_file="server.crt",
            key_file="/etc/keys/server.key",
            client_ca_file="ca.crt",
            client_auth=ClientAuth.VERIFY,
            client_allowed_sans=("prometheus.example", "10:20", "127.0.0.1"),
            cipher_suites=("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256"),
            prefer_server_cipher_suites=False,
            curve_preferences=("CurveP521",),
        ),
        http2=False,
        headers={
            "Content-Security-Policy": "default-src 'self'",
            "Strict-Transport-Security": "",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "deny",
            "X-XSS-Protection": "0",
        },
        users={"alice": HASH.encode(), "42": HASH.encode()},
        rate_limit=RateLimit(61.5, 20),
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# a comment\n",
        "---\n",
        "{}",
        "tls_server_config:\nbasic_auth_users:\nrate_limit: ~\nhttp_server_config: {}",
        "http_server_config: {http2: true}",
        "rate_limit: {interval: 0, burst: 0}",
        "rate_limit: {interval: 0s}",
    ],
)
def test_what_says_nothing_locks_nothing(text: str) -> None:
    assert parse_web_config(text.encode()) == WebConfig()


def test_texts_stand_in_for_files() -> None:
    keys = ("  cert: |", "    CERT", "  key: KEY", "  client_ca: CA", "  client_auth_type: VerifyClientCertIfGiven")
    assert parse_web_config("\n".join(["tls_server_config:", *keys]).encode()).tls == TlsSettings(
        cert="CERT\n", key="KEY", client_ca="CA", client_auth=ClientAuth.VERIFY_IF_GIVEN
    )


def test_all_of_gos_ciphers_and_curves_are_known() -> None:
    lists = f"cipher_suites: [{', '.join(CIPHERS)}], curve_preferences: [{', '.join(CURVES)}]"
    tls = parse_web_config(f"tls_server_config: {{{CERT}, {lists}}}".encode()).tls
    assert tls
    assert (tls.cipher_suites, tls.curve_preferences) == (tuple(CIPHERS), tuple(CURVES))


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("1s", 1), ("500ms", 0.5), (".5s", 0.5), ("1h2m3s", 3723), ("1.5m", 90), ("250us", 0.00025)],
)
def test_an_interval_is_written_as_go_writes_durations(written: str, seconds: float) -> None:
    limit = parse_web_config(f"rate_limit: {{interval: {written}, burst: 1}}".encode()).rate_limit
    assert limit
    assert limit.burst == 1
    assert limit.interval == pytest.approx(seconds)


@pytest.mark.parametrize("prefix", ["$2a$", "$2b$", "$2x$", "$2y$"])
def test_the_hashes_of_all_htpasswds_are_taken(prefix: str) -> None:
    hashed = prefix + HASH[4:]
    assert parse_web_config(f"basic_auth_users: {{alice: {hashed}}}".encode()).users == {"alice": hashed.encode()}


# Wrong files, and what the error must name: the key, or the line.
BAD = {
    "- a list": "the file",
    "tls_config: {}": "'tls_config'",
    "Rate_limit: {}": "'Rate_limit'",
    "rate_limit: {}\nrate_limit: {}": "line 2",
    "rate_limit: {burst: 1, burst: 2}": "line 1",
    "? [a]\n: b": "line 1",
    "tls_server_config: [": "YAML",
    "a: b\n---\nc: d": "YAML",
    "a: \x00": "YAML",
    "a: *b": "line 1",
    "a: &b [*b]": "YAML",
    "tls_server_config: yes": "tls_server_config",
    "http_server_config: {http3: true}": "'http3'",
    "http_server_config: {http2: 2}": "http_server_config.http2",
    "http_server_config: {headers: [a]}": "http_server_config.headers",
    "basic_auth_users: [alice]": "basic_auth_users",
    "basic_auth_users: {alice: hunter2}": "'alice'",
    "basic_auth_users: {alice: }": "'alice'",
    f"basic_auth_users: {{alice: {HASH[:-1]}}}": "'alice'",
    f"basic_auth_users: {{alice: {HASH[:4]}03{HASH[6:]}}}": "'alice'",
    f"basic_auth_users: {{alice: {HASH[:2]}z{HASH[3:]}}}": "'alice'",
    f"basic_auth_users: {{'a:b': {HASH}}}": "'a:b'",
    "rate_limit: {interval: 1, burst: 1}": "rate_limit.interval",
    "rate_limit: {interval: -1s, burst: 1}": "rate_limit.interval",
    "rate_limit: {interval: 1d, burst: 1}": "rate_limit.interval",
    "rate_limit: {interval: 1s}": "rate_limit.burst",
    "rate_limit: {interval: 1s, burst: -1}": "rate_limit.burst",
    "rate_limit: {interval: 1s, burst: 1.5}": "rate_limit.burst",
    "rate_limit: {interval: 1s, burst: 1, per: client}": "'per'",
}
BAD_TLS = {
    "certfile: c.pem": "'certfile'",
    "min_version: TLS12": "cert_file",
    "key_file: k.pem": "cert_file",
    "cert_file: '', key_file: ''": "cert_file",
    "cert_file: c.pem": "key_file",
    "cert_file: [c.pem]": ".cert_file",
    f"{CERT}, client_auth_type: Always": ".client_auth_type",
    f"{CERT}, client_ca_file: ca.pem": "client_ca",
    f"{CERT}, client_ca: x, client_auth_type: NoClientCert": "client_ca",
    f"{CERT}, client_auth_type: RequireAnyClientCert": "RequireAnyClientCert",
    f"{CERT}, client_allowed_sans: [a]": "client_allowed_sans",
    f"{CERT}, client_auth_type: VerifyClientCertIfGiven, client_allowed_sans: [a]": "client_allowed_sans",
    f"{CERT}, client_allowed_sans: []": ".client_allowed_sans",
    f"{CERT}, client_allowed_sans: a": ".client_allowed_sans",
    f"{CERT}, client_allowed_sans: [[a]]": ".client_allowed_sans",
    f"{CERT}, min_version: TLS111": ".min_version",
    f"{CERT}, max_version: SSL30": ".max_version",
    f"{CERT}, min_version: TLS13, max_version: TLS12": "min_version",
    f"{CERT}, cipher_suites: [TLS_FOO]": ".cipher_suites",
    f"{CERT}, cipher_suites: [TLS_AES_128_GCM_SHA256], max_version: TLS12": "cipher_suites",
    f"{CERT}, curve_preferences: [P256]": ".curve_preferences",
    f"{CERT}, prefer_server_cipher_suites: perhaps": ".prefer_server_cipher_suites",
}
BAD_HEADERS = {
    "Server: x": "'Server'",
    "x-frame-options: deny": "'x-frame-options'",
    "X-Frame-Options: allow": ".X-Frame-Options",
    "X-Content-Type-Options: sniff": ".X-Content-Type-Options",
    'X-XSS-Protection: "0\\r\\nA: b"': ".X-XSS-Protection",
}
ALL_BAD = {
    **BAD,
    **{f"tls_server_config: {{{keys}}}": named for keys, named in BAD_TLS.items()},
    **{f"http_server_config: {{headers: {{{keys}}}}}": named for keys, named in BAD_HEADERS.items()},
}


@pytest.mark.parametrize("text", ALL_BAD, ids=lambda text: text.replace(HASH[6:], "...").partition(HASH[:-1])[0])
def test_a_bad_config_is_one_line_that_names_the_key(text: str, sentence: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_web_config(text.encode())
    assert ALL_BAD[text] in str(caught.value)
    assert "\n" not in str(caught.value)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    "text",
    [
        "basic_auth_users: {alice: hunter2}",
        "basic_auth_users: {alice: *hunter2}",
        "tls_server_config: {key: hunter2",
        "hunter2: [",
    ],
)
def test_no_complaint_tells_a_secret(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_web_config(text.encode())
    assert "hunter2" not in str(caught.value)


def test_bytes_that_are_no_text_are_no_yaml(sentence: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_web_config(b"rate_limit: \xff")
    assert str(caught.value) == sentence


def test_keys_and_hashes_are_not_in_what_is_printed() -> None:
    config = parse_web_config(f"tls_server_config: {{cert: C, key: hunter2}}\nbasic_auth_users: {{a: {HASH}}}".encode())
    assert "hunter2" not in repr(config)
    assert HASH not in repr(config)


def test_the_example_is_valid_and_its_password_is_the_one_it_names() -> None:
    text = (Path(__file__).parents[4] / "deploy/web-config.yml").read_bytes()
    config = parse_web_config(text)
    assert config.tls
    assert config.tls.client_allowed_sans == ("prometheus.example.org",)
    assert config.rate_limit == RateLimit(0.1, 20)
    assert bcrypt.checkpw(b"change me", config.users["prometheus"])
