"""Names of the server in the Host header: a page of another origin cannot use its own name for this address."""

import pytest

from exporter.web.access.allowed_hosts import AllowedHosts
from tests.support.web_running import Site, serving

HOSTS = AllowedHosts(("web1", "Exporter.Example.ORG."))


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.0.0.1:9714", "192.0.2.7:80", "[::1]:9714", "[2001:db8::1]", "localhost", "LOCALHOST:9714"),
        *("web1", "web1:9714", "exporter.example.org", "exporter.example.org.:9714", ""),
    ],
)
def test_an_address_and_an_own_name_are_allowed(host: str) -> None:
    assert HOSTS.allows(host)


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "web1.evil.example", "127.0.0.1.evil.example", "localhost.evil.example:9714"),
        *("web1:80:80", "web1@evil.example", "[web1]", "[::1", "exporter.example.org, web1", "web1 evil.example"),
    ],
)
def test_any_other_name_is_rejected(host: str) -> None:
    assert not HOSTS.allows(host)


def test_a_star_allows_every_name() -> None:
    assert AllowedHosts(("*",)).allows("evil.example")


@pytest.mark.parametrize("path", ["/", "/api/v1/topology", "/api/v1/live", "/static/live.js", "/nothing"])
def test_page_and_api_answer_under_their_own_names_only(path: str) -> None:
    with serving(Site(), hosts=HOSTS) as site:
        rejected = site.request(path=path, host="evil.example")
        assert (rejected.status, b"evil" in rejected.body) == (421, False)


@pytest.mark.parametrize("path", ["/metrics", "/-/healthy", "/-/ready"])
def test_metrics_and_probes_answer_under_every_name(path: str) -> None:
    with serving(Site(), hosts=HOSTS) as site:
        assert site.request(path=path, host="prometheus-knows-me-as.example").status == 200


def test_an_own_name_reads_the_page() -> None:
    with serving(Site(), hosts=HOSTS) as site:
        assert site.request(path="/", host="web1:9714").body == b"<p>hello</p>"
