"""Which certificates of clients the web config demands and accepts."""

import pytest
import trustme

from exporter.web.access.tls import alternative_names
from tests.support.web_keys import Keys
from tests.support.web_tls import MUTUAL, is_let_in, locked, negotiated


@pytest.mark.parametrize(
    ("auth", "without", "ours", "foreign"),
    [
        ("NoClientCert", True, True, True),
        ("RequestClientCert", True, True, True),
        ("VerifyClientCertIfGiven", True, True, False),
        ("RequireAnyClientCert", False, True, False),
        ("RequireClientCert", False, True, False),
        ("RequireAndVerifyClientCert", False, True, False),
    ],
)
def test_who_needs_a_certificate_and_whose(
    keys: Keys,
    auth: str,
    without: bool,  # noqa: FBT001  the answer
    ours: bool,  # noqa: FBT001  the answer
    foreign: bool,  # noqa: FBT001  the answer
) -> None:
    tls = {"client_auth_type": auth} if auth == "NoClientCert" else {**MUTUAL, "client_auth_type": auth}
    with locked(keys.config(tls=tls), keys.client()) as site:
        assert is_let_in(site) == without
        site.tls = keys.client("prometheus.example")
        assert is_let_in(site) == ours
        site.tls = keys.client("prometheus.example", by=trustme.CA())
        assert is_let_in(site) == foreign


@pytest.mark.parametrize(
    ("allowed", "names", "let_in"),
    [
        ("prometheus.example", ["prometheus.example"], True),
        ("prometheus.example", ["other.example", "prometheus.example"], True),
        ("prometheus.example", ["other.example"], False),
        ("prometheus.example", ["sub.prometheus.example"], False),
        ("192.0.2.7", ["192.0.2.7"], True),
        ("192.0.2.7", ["192.0.2.8"], False),
        ("2001:db8::1", ["2001:0db8:0:0:0:0:0:1"], True),
        ("ops@example.org", ["ops@example.org"], True),
        ("ops@example.org", ["dev@example.org"], False),
    ],
)
def test_only_allowed_names_are_let_in(keys: Keys, allowed: str, names: list[str], let_in: bool) -> None:  # noqa: FBT001
    tls = {**MUTUAL, "client_allowed_sans": f"[unrelated.example, '{allowed}']"}
    with locked(keys.config(tls=tls), keys.client(*names)) as site:
        assert is_let_in(site) == let_in


def test_all_kinds_of_names_count_and_nothing_else() -> None:
    names = (("DNS", "a.example"), ("IP Address", "2001:DB8:0:0:0:0:0:1"), ("email", "a@b"), ("URI", "spiffe://a/b"))
    certificate = {"subjectAltName": (*names, ("DirName", "c.example")), "subject": ((("commonName", "d.example"),),)}
    assert alternative_names(certificate) == {"a.example", "2001:db8::1", "a@b", "spiffe://a/b"}
    assert alternative_names({}) == set()


def test_a_refused_certificate_never_reaches_a_handler(keys: Keys) -> None:
    scrapes: list[bool] = []

    def scrape(openmetrics: bool) -> bytes:  # noqa: FBT001  as the handler is called
        scrapes.append(openmetrics)
        return b""

    tls = {**MUTUAL, "client_allowed_sans": "[a.example]"}
    with locked(keys.config(tls=tls), keys.client("b.example")) as site:
        site.scrape = scrape
        assert not is_let_in(site)
    assert scrapes == []


def test_a_client_is_let_in_no_more_when_its_authority_is_replaced(keys: Keys) -> None:
    path = keys.config(tls={**MUTUAL})
    with locked(path, keys.client("a.example")) as site, negotiated(site) as kept:
        (keys.folder / "ca.pem").write_bytes(trustme.CA().cert_pem.bytes())
        kept.sendall(b"GET /metrics HTTP/1.1\r\nHost: kept\r\n\r\n")
        assert kept.recv(1000) == b""
        assert not is_let_in(site)
