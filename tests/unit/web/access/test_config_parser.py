"""The text of a web config: what it means, and one test for each way to get it wrong."""

from pathlib import Path

import bcrypt
import pytest

from exporter.errors import ConfigError
from exporter.web.access.config import ClientAuth, RateLimit, TlsSettings, WebConfig
from exporter.web.access.config_parser import parse_web_config
from exporter.web.access.tls_names import CIPHERS, CURVES

HASH = bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode()
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
    assert limit == RateLimit(pytest.approx(seconds), 1)


@pytest.mark.parametrize("prefix", ["$2a$", "$2b$", "$2x$", "$2y$"])
def test_the_hashes_of_all_htpasswds_are_taken(prefix: str) -> None:
    hashed = prefix + HASH[4:]
    assert parse_web_config(f"basic_auth_users: {{alice: {hashed}}}".encode()).users == {"alice": hashed.encode()}


NO_HASH = "the password of 'alice' in basic_auth_users is no bcrypt hash"

BAD = {
    "- a list": "the file: this must be keys with values",
    "tls_config: {}": "unknown key 'tls_config'; known are tls_server_config, http_server_config, basic_auth_users,",
    "Rate_limit: {}": "unknown key 'Rate_limit'; known are",
    "rate_limit: {}\nrate_limit: {}": "invalid YAML: repeated key 'rate_limit' in line 2",
    "rate_limit: {burst: 1, burst: 2}": "invalid YAML: repeated key 'burst' in line 1",
    "? [a]\n: b": "invalid YAML: a key is not a text in line 1",
    "tls_server_config: [": "invalid YAML: ",
    "a: b\n---\nc: d": "invalid YAML: ",
    "a: \x00": "invalid YAML: bytes that are not text",
    "a: *b": "invalid YAML: found undefined alias in line 1",
    "a: &b [*b]": "invalid YAML: found unconstructable recursive node in line 1",
    "tls_server_config: yes": "tls_server_config: this must be keys with values",
    "http_server_config: {http3: true}": "http_server_config: unknown key 'http3'; known are http2, headers",
    "http_server_config: {http2: 2}": "http_server_config.http2: '2' is neither true nor false",
    "http_server_config: {headers: [a]}": "http_server_config.headers: this must be keys with values",
    "basic_auth_users: [alice]": "basic_auth_users: this must be keys with values",
    "basic_auth_users: {alice: hunter2}": NO_HASH,
    "basic_auth_users: {alice: }": NO_HASH,
    f"basic_auth_users: {{alice: {HASH[:-1]}}}": NO_HASH,
    f"basic_auth_users: {{alice: {HASH[:4]}03{HASH[6:]}}}": NO_HASH,
    f"basic_auth_users: {{alice: {HASH[:2]}z{HASH[3:]}}}": NO_HASH,
    f"basic_auth_users: {{'a:b': {HASH}}}": "'a:b' in basic_auth_users: a name with a colon cannot be sent",
    "rate_limit: {interval: 1, burst: 1}": "rate_limit.interval: '1' is no duration such as 500ms, 1s or 1m30s",
    "rate_limit: {interval: -1s, burst: 1}": "rate_limit.interval: '-1s' is no duration",
    "rate_limit: {interval: 1d, burst: 1}": "rate_limit.interval: '1d' is no duration",
    "rate_limit: {interval: 1s}": "rate_limit.burst: with an interval it must be 1 or more",
    "rate_limit: {interval: 1s, burst: -1}": "rate_limit.burst: '-1' is no whole number",
    "rate_limit: {interval: 1s, burst: 1.5}": "rate_limit.burst: '1.5' is no whole number",
    "rate_limit: {interval: 1s, burst: 1, per: client}": "rate_limit: unknown key 'per'; known are interval, burst",
}
BAD_TLS = {
    "certfile: c.pem": ": unknown key 'certfile'; known are cert, cert_file, key, key_file, client_ca, client_ca_file,",
    "min_version: TLS12": ": missing one of cert or cert_file",
    "key_file: k.pem": ": missing one of cert or cert_file",
    "cert_file: '', key_file: ''": ": missing one of cert or cert_file",
    "cert_file: c.pem": ": missing one of key or key_file",
    "cert_file: [c.pem]": ".cert_file: this must be one text",
    f"{CERT}, client_auth_type: Always": ".client_auth_type: 'Always' is none of NoClientCert, RequestClientCert,",
    f"{CERT}, client_ca_file: ca.pem": ": client_ca without a client_auth_type: say RequireAndVerifyClientCert",
    f"{CERT}, client_ca: x, client_auth_type: NoClientCert": ": client_ca without a client_auth_type: say Require",
    f"{CERT}, client_auth_type: RequireAnyClientCert": ": RequireAnyClientCert takes certificates of anybody, which",
    f"{CERT}, client_allowed_sans: [a]": ": client_allowed_sans needs client_auth_type RequireAndVerifyClientCert",
    f"{CERT}, client_auth_type: VerifyClientCertIfGiven, client_allowed_sans: [a]": ": client_allowed_sans needs",
    f"{CERT}, client_allowed_sans: []": ".client_allowed_sans: an empty list would refuse everybody",
    f"{CERT}, client_allowed_sans: a": ".client_allowed_sans: this must be a list of texts",
    f"{CERT}, client_allowed_sans: [[a]]": ".client_allowed_sans: this must be a list of texts",
    f"{CERT}, min_version: TLS111": ".min_version: 'TLS111' is none of TLS10, TLS11, TLS12, TLS13",
    f"{CERT}, max_version: SSL30": ".max_version: 'SSL30' is none of TLS10, TLS11, TLS12, TLS13",
    f"{CERT}, min_version: TLS13, max_version: TLS12": ": min_version is above max_version",
    f"{CERT}, cipher_suites: [TLS_FOO]": ".cipher_suites: 'TLS_FOO' is none of TLS_AES_128_GCM_SHA256,",
    f"{CERT}, cipher_suites: [TLS_AES_128_GCM_SHA256], max_version: TLS12": ": cipher_suites has suites of TLS 1.3",
    f"{CERT}, curve_preferences: [P256]": ".curve_preferences: 'P256' is none of CurveP256, CurveP384",
    f"{CERT}, prefer_server_cipher_suites: perhaps": ".prefer_server_cipher_suites: 'perhaps' is neither",
}
BAD_HEADERS = {
    "Server: x": ": unknown key 'Server'; known are Content-Security-Policy, Strict-Transport-Security,",
    "x-frame-options: deny": ": unknown key 'x-frame-options'; known are",
    "X-Frame-Options: allow": ".X-Frame-Options: 'allow' is none of deny, sameorigin",
    "X-Content-Type-Options: sniff": ".X-Content-Type-Options: 'sniff' is none of nosniff",
    'X-XSS-Protection: "0\\r\\nA: b"': ".X-XSS-Protection: a header is one line",
}
ALL_BAD = {
    **BAD,
    **{f"tls_server_config: {{{keys}}}": f"tls_server_config{problem}" for keys, problem in BAD_TLS.items()},
    **{
        f"http_server_config: {{headers: {{{keys}}}}}": f"http_server_config.headers{problem}"
        for keys, problem in BAD_HEADERS.items()
    },
}


@pytest.mark.parametrize("text", ALL_BAD, ids=lambda text: text.partition(HASH[:-1])[0])
def test_a_bad_config_is_one_line_that_names_the_key(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_web_config(text.encode())
    assert str(caught.value).startswith(ALL_BAD[text])
    assert "\n" not in str(caught.value)


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


def test_bytes_that_are_no_text_are_no_yaml() -> None:
    with pytest.raises(ConfigError, match=r"^invalid YAML: bytes that are not text$"):
        parse_web_config(b"rate_limit: \xff")


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
