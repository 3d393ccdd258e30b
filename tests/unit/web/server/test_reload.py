"""The file of --web.config.file while the server runs: what is good is taken at once, what is not changes nothing."""

import os
from pathlib import Path

import bcrypt
import pytest
from structlog.testing import LogCapture

from exporter.errors import ConfigError
from exporter.web.access.access import OPEN
from exporter.web.access.config_file import WebConfigFile
from tests.support.web_keys import Keys
from tests.support.web_running import Site, serving

USER = f"basic_auth_users: {{alice: {bcrypt.hashpw(b'wonderland', bcrypt.gensalt(4)).decode()}}}"


def made_without(keys: Keys, name: str, content: str | None) -> str:
    """Write something else into a file that the config names, or take it away; what the start says."""
    path = keys.config(tls={"client_ca_file": "ca.pem", "client_auth_type": "RequireAndVerifyClientCert"})
    (keys.folder / name).unlink()
    if content is not None:
        (keys.folder / name).write_text(content)
    with pytest.raises(ConfigError) as caught:
        WebConfigFile(path)
    return str(caught.value)


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfigError, match=r"^--web.config.file: /nowhere/web.yml: No such file or directory$"):
        WebConfigFile(Path("/nowhere/web.yml"))


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r": Is a directory$"):
        WebConfigFile(tmp_path)


def test_what_is_wrong_in_it_is_named_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "web.yml"
    path.write_text("tls: {}")
    with pytest.raises(ConfigError, match=f"^--web.config.file: {path}: .*'tls'"):
        WebConfigFile(path)


@pytest.mark.parametrize("name", ["cert.pem", "key.pem", "ca.pem"])
def test_a_missing_pem_is_named_with_its_key(keys: Keys, name: str) -> None:
    key = {"cert.pem": "cert_file", "key.pem": "key_file", "ca.pem": "client_ca_file"}[name]
    assert made_without(keys, name, None).endswith(
        f"tls_server_config.{key}: {keys.folder / name}: No such file or directory"
    )


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("cert.pem", "", "certificate and key are not both PEM"),
        ("cert.pem", "nonsense", "certificate and key are not both PEM"),
        ("key.pem", "nonsense", "certificate and key are not both PEM"),
        ("ca.pem", "nonsense", "client_ca has no PEM certificate"),
        ("ca.pem", "", "client_ca has no PEM certificate"),
    ],
)
def test_a_pem_that_is_none_is_named(keys: Keys, name: str, content: str, problem: str) -> None:
    assert made_without(keys, name, content).endswith(f"web.yml: {problem}")


def test_a_key_of_another_certificate_is_refused(keys: Keys) -> None:
    other = keys.authority.issue_cert("other.example").private_key_pem.bytes().decode()
    assert made_without(keys, "key.pem", other).endswith("web.yml: certificate and key do not match")


def test_an_encrypted_key_is_refused_and_nobody_is_asked_for_its_password(keys: Keys) -> None:
    assert made_without(keys, "key.pem", ENCRYPTED_KEY).endswith(
        "web.yml: the key is encrypted: an encrypted key is not supported"
    )


# openssl ecparam -name prime256v1 -genkey -noout | openssl ec -aes128 -passout pass:x
ENCRYPTED_KEY = """
-----BEGIN EC PRIVATE KEY-----
Proc-Type: 4,ENCRYPTED
DEK-Info: AES-128-CBC,906A561C2D80E0E98C4FD8BD5C1541AE

Hs0s2MY3jSWaRrxQgLoe1Nk9bEkMImRenSUxrQvg8c7ZHy8wahkyoHKraNGRrwVz
ZJz3DTs8DsR1uflBF60FG5QabyiFkM6VfSzoevfkyS75x7O1zoa6uLXEt9eBC6NG
IXYEqNMD44FC7FLPF1kjJ9Y87cs4EgDLKp2LoaTFO6I=
-----END EC PRIVATE KEY-----
"""


def test_an_empty_file_locks_nothing_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "web.yml"
    path.touch()
    assert WebConfigFile(path).access() == OPEN


def test_a_relative_path_is_taken_from_the_folder_of_the_file(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    path = keys.config()
    monkeypatch.chdir("/")
    assert WebConfigFile(path).access().tls


def test_headers_are_as_the_file_says_and_change_with_it(tmp_path: Path) -> None:
    path = tmp_path / "web.yml"
    path.write_text(
        "http_server_config: {headers: {X-Frame-Options: deny, Content-Security-Policy: ' default-src * '}}"
    )
    with serving(Site(), access=WebConfigFile(path).access) as site:
        headers = site.request(path="/nothing").headers
        assert (headers["X-Frame-Options"], headers["Content-Security-Policy"]) == ("deny", "default-src *")
        assert headers["X-Content-Type-Options"] == "nosniff"
        path.write_text("http_server_config: {headers: {Content-Security-Policy: '', X-XSS-Protection: 0}}")
        headers = site.request().headers
        assert (headers["X-Frame-Options"], headers["Content-Security-Policy"]) == (None, None)
        assert headers["X-XSS-Protection"] == "0"


@pytest.mark.parametrize("broken", ["tls: {}", "basic_auth_users: {alice: wonderland}", "{", "", "# nothing", None])
def test_what_cannot_be_used_changes_nothing_and_is_said_once(
    tmp_path: Path, log: LogCapture, broken: str | None
) -> None:
    path = tmp_path / "web.yml"
    path.write_text(USER)
    with serving(Site(), access=WebConfigFile(path).access) as site:
        if broken is None:
            path.unlink()
        else:
            path.write_text(broken)
        assert [site.request().status for _ in range(3)] == [401] * 3
        path.write_text(USER)
        assert site.request().status == 401
    assert [entry["log_level"] for entry in log.entries] == ["error", "info"]
    assert log.entries[0]["file"] == str(path)
    assert "wonderland" not in str(log.entries)


def test_a_certificate_that_was_half_written_leaves_the_last_good_one(keys: Keys, log: LogCapture) -> None:
    path = keys.config()
    with serving(Site(tls=keys.client()), access=WebConfigFile(path).access) as site:
        whole = (keys.folder / "cert.pem").read_bytes()
        (keys.folder / "cert.pem").write_bytes(whole[:100])
        assert site.request().status == 200
        keys.renew()
        assert site.request().status == 200
    assert [entry["log_level"] for entry in log.entries if entry["log_level"] != "debug"] == ["error", "info"]


def test_a_change_without_a_new_time_or_size_is_seen(tmp_path: Path) -> None:
    """Secrets that are put in place by a copy may keep both."""
    path = tmp_path / "web.yml"
    path.write_text("rate_limit: {interval: 1h, burst: 1}")
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    config = WebConfigFile(path)
    path.write_text("rate_limit: {interval: 1h, burst: 7}")
    os.utime(path, ns=times)
    limit = config.access().config.rate_limit
    assert limit
    assert limit.burst == 7
