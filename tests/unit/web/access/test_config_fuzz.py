"""Whatever the file of --web.config.file holds: a configuration, or one line that names what is wrong with it."""

import copy
import math
import re
from typing import Any

import bcrypt
import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from exporter.errors import ConfigError
from exporter.web.access.config import WebConfig
from exporter.web.access.config_parser import HEADERS, parse_web_config

HASH = bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode()
WHOLE: dict[str, Any] = {
    "tls_server_config": {
        "cert_file": "c.pem",
        "key_file": "k.pem",
        "client_ca_file": "ca.pem",
        "client_auth_type": "RequireAndVerifyClientCert",
        "client_allowed_sans": ["prometheus.example"],
        "min_version": "TLS12",
        "max_version": "TLS13",
        "cipher_suites": ["TLS_AES_128_GCM_SHA256"],
        "prefer_server_cipher_suites": True,
        "curve_preferences": ["X25519"],
    },
    "http_server_config": {"http2": False, "headers": {"X-Frame-Options": "deny"}},
    "basic_auth_users": {"alice": HASH},
    "rate_limit": {"interval": "1s", "burst": 20},
}
KNOWN = {
    "": {*WHOLE},
    "tls_server_config": {*WHOLE["tls_server_config"], "cert", "key", "client_ca"},
    "http_server_config": {"http2", "headers"},
    "headers": {*HEADERS},
    "rate_limit": {"interval", "burst"},
}
# What may be wrong before any key is looked at.
NO_YAML = r"invalid YAML: .+"
WORDS = sorted({*KNOWN[""], *KNOWN["tls_server_config"], *KNOWN["http_server_config"], *KNOWN["rate_limit"], *HEADERS})
VALUES = ["TLS10", "TLS12", "TLS13", "1s", "1h1ns", "10", "0", "yes", "off", "deny", "", "a\nb", "a:b", HASH, "X25519"]
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from([*WORDS, *VALUES])
)
KEYS = st.sampled_from(WORDS) | SCALARS
TREES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)
PLACES = [(section, key) for section in WHOLE for key in WHOLE[section]] + [
    ("http_server_config.headers", key) for key in HEADERS
]


# Pieces of YAML, of which PyYAML takes some for more than they are.
FRAGMENTS = [
    *(word.encode() + b": " for word in WORDS),
    *(b"\n", b"\n  ", b"- ", b"[", b"]", b"{", b"}", b", ", b": ", b"? ", b"|", b">", b"\n---\n", b"\n...\n", b"\t"),
    *(
        b"&a ",
        b"*a",
        b"!!int ",
        b"!<x%ff>",
        b"%YAML 9.9\n",
        b"%TAG ! x\n",
        b"<<: ",
        b"'",
        b'"',
        b'"\\U00110000"',
        b"\xff",
    ),
    *(b'"\\uD800"', b'"\\0"', b'"a\\nb"', b"1s", b"9" * 400 + b"h", b"20", b"\x00", b"\xef\xbb\xbf", b"\xe2\x80\xa8"),
]


def dumped(tree: Any) -> bytes:
    return yaml.safe_dump(tree, sort_keys=False).encode()


def text(scalar: Any) -> str:
    """A scalar as it stands in the file."""
    node = yaml.compose(dumped(scalar))
    assert node
    return str(node.value)


def changed(section: str, key: str, value: Any) -> dict[str, Any]:
    """The whole configuration with another value at a place."""
    tree = copy.deepcopy(WHOLE)
    inner = tree
    for name in filter(None, section.split(".")):
        inner = inner[name]
    inner[key] = value
    return tree


def outcome(text: bytes) -> WebConfig | str:
    """What it means, or the one line."""
    try:
        return parse_web_config(text)
    except ConfigError as error:
        return str(error)


def check(text: bytes) -> WebConfig | None:
    """The line is one that a terminal and a log show as such; what was accepted can be used."""
    found = outcome(text)
    if isinstance(found, str):
        assert found.isprintable(), found
        assert found
        return None
    if found.rate_limit:
        assert found.rate_limit.burst > 0
        assert 0 < found.rate_limit.interval < math.inf
    assert all(value.isprintable() for value in found.headers.values())
    if found.tls:
        for name in ("cert", "key", "client_ca", "cert_file", "key_file", "client_ca_file"):
            getattr(found.tls, name).encode()
    return found


@given(st.binary(max_size=60) | st.lists(st.sampled_from(FRAGMENTS), max_size=12).map(b"".join))
@settings(max_examples=800, deadline=None)
def test_any_bytes_are_a_configuration_or_one_line(text: bytes) -> None:
    check(text)


@pytest.mark.parametrize("text", [b'a: "\\UFFFFFFFF"', b'a: "\\U00110000"', b"%YAML 1." + b"1" * 5000 + b"\n---\na: b"])
def test_what_the_library_does_not_expect_is_no_yaml(text: bytes) -> None:
    assert str(outcome(text)).startswith("invalid YAML: a number is not a character")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('tls_server_config: {cert: "\\ud800", key: k}', "invalid YAML: invalid Unicode escape in line 1"),
        ("rate_limit: {interval: 2562048h, burst: 1}", "rate_limit.interval: this is longer than the 292 years"),
        ('basic_auth_users: {"a\\nb": []}', r"basic_auth_users.'a\nb': this must be one text"),
        (
            'tls_server_config: {cert_file: "a\\nb", key: k}',
            "tls_server_config.cert_file: the name of a file is one line",
        ),
    ],
)
def test_what_could_not_be_used_or_shown_is_refused(text: str, line: str) -> None:
    assert str(outcome(text.encode())).startswith(line)


def unknown(tree: Any, name: str) -> bool:
    """Whether a section has a key that nobody knows."""
    return isinstance(tree, dict) and any(key not in KNOWN[name] for key in tree)


@given(TREES | st.dictionaries(st.sampled_from(sorted(WHOLE)) | KEYS, TREES, max_size=4))
@settings(max_examples=400, deadline=None)
def test_any_document_is_a_configuration_without_unknown_keys_or_one_line(tree: Any) -> None:
    config = check(dumped(tree))
    if config is None:
        return
    assert tree is None or isinstance(tree, (dict, str))  # the text `~` is nothing, too
    sections = tree if isinstance(tree, dict) else {}
    assert not unknown(sections, "")
    assert not any(unknown(sections.get(name), name) for name in KNOWN)
    http = sections.get("http_server_config") or {}
    assert not unknown(http.get("headers"), "headers")
    assert set(config.users) == {text(name) for name in sections.get("basic_auth_users") or {}}


@pytest.mark.parametrize(
    "section", ["", "tls_server_config", "http_server_config", "http_server_config.headers", "rate_limit"]
)
@given(st.text(min_size=1, max_size=12), TREES)
@settings(max_examples=60, deadline=None)
def test_one_unknown_key_is_refused_by_its_name_wherever_it_stands(section: str, key: str, value: Any) -> None:
    assume(key not in KNOWN[section.rpartition(".")[2]])
    found = outcome(dumped(changed(section, key, value)))
    assert isinstance(found, str)
    assert re.fullmatch(NO_YAML, found) or f"unknown key {key!r}; known are " in found, found


@pytest.mark.parametrize(("section", "key"), PLACES)
@given(TREES)
@settings(max_examples=30, deadline=None)
def test_another_value_of_a_key_is_taken_or_the_line_names_the_key(section: str, key: str, value: Any) -> None:
    text = dumped(changed(section, key, value))
    if check(text) is None:
        line = str(outcome(text))
        name = "client_auth_type" if key in ("client_ca_file", "client_allowed_sans") else key
        assert re.fullmatch(NO_YAML, line) or key in line or name in line or repr(key) in line, line
