"""The rate limit: a token bucket, asked before anything else."""

from base64 import b64encode
from pathlib import Path

import bcrypt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.web.access.config import RateLimit
from exporter.web.access.config_file import WebConfigFile
from exporter.web.access.rate_limit import RateLimiter, TokenBucket
from tests.support.web_running import Site, serving


def taken(limit: RateLimit, *times: float) -> list[bool]:
    bucket = TokenBucket(limit, now=0)
    return [bucket.try_acquire(now) for now in times]


def test_a_burst_is_let_through_and_then_one_for_each_interval() -> None:
    assert taken(RateLimit(2, 3), 0, 0, 0, 0, 1, 2, 2, 4, 5) == [True] * 3 + [False, False, True, False, True, False]


def test_a_long_pause_brings_no_more_than_a_burst() -> None:
    assert taken(RateLimit(1, 2), 1000, 1000, 1000) == [True, True, False]


@given(
    limit=st.builds(RateLimit, st.floats(0.001, 100), st.integers(1, 50)),
    gaps=st.lists(st.floats(0, 100), max_size=50),
)
def test_never_more_than_a_burst_and_what_time_brings(limit: RateLimit, gaps: list[float]) -> None:
    times = [sum(gaps[: number + 1]) for number in range(len(gaps))]
    let_through = sum(taken(limit, *times))
    assert let_through <= limit.burst + sum(gaps) / limit.interval + 1e-6


def web_config(tmp_path: Path, text: str) -> WebConfigFile:
    path = tmp_path / "web.yml"
    path.write_text(text)
    return WebConfigFile(path)


def test_who_asks_too_often_is_told_when_to_come_back(tmp_path: Path) -> None:
    access = web_config(tmp_path, "rate_limit: {interval: 90s, burst: 2}").access
    with serving(Site(), access=access) as site:
        assert [site.request(path=path).status for path in ("/metrics", "/nothing")] == [200, 404]
        refused = site.request(path="/-/healthy")
        assert (refused.status, refused.body) == (429, b"too many requests\n")
        assert refused.headers["Retry-After"] == "90"


def test_the_limit_counts_before_the_password(tmp_path: Path) -> None:
    user = f"alice: {bcrypt.hashpw(b'wonderland', bcrypt.gensalt(4)).decode()}"
    access = web_config(tmp_path, f"rate_limit: {{interval: 1h, burst: 1}}\nbasic_auth_users: {{{user}}}").access
    with serving(Site(), access=access) as site:
        assert [site.request().status for _ in range(3)] == [401, 429, 429]


def test_a_changed_limit_counts_at_once_and_an_unchanged_one_goes_on(tmp_path: Path) -> None:
    config = web_config(tmp_path, "rate_limit: {interval: 1h, burst: 1}")
    with serving(Site(), access=config.access) as site:
        assert [site.request().status for _ in range(2)] == [200, 429]
        (tmp_path / "web.yml").write_text("rate_limit: {interval: 1h, burst: 1} # as before")
        assert site.request().status == 429
        (tmp_path / "web.yml").write_text("rate_limit: {interval: 1h, burst: 2}")
        assert [site.request().status for _ in range(3)] == [200, 200, 429]


@pytest.mark.parametrize("text", ["rate_limit: {interval: 0, burst: 1}", "rate_limit: {burst: 1}"])
def test_no_interval_is_no_limit(tmp_path: Path, text: str) -> None:
    with serving(Site(), access=web_config(tmp_path, text).access) as site:
        assert [site.request().status for _ in range(5)] == [200] * 5


def test_one_client_does_not_use_up_the_rate_of_another(tmp_path: Path) -> None:
    access = web_config(tmp_path, "rate_limit: {interval: 1h, burst: 2}").access
    with serving(Site(), access=access) as site:
        assert [site.request(source="127.0.0.2").status for _ in range(3)] == [200, 200, 429]
        assert [site.request(source="127.0.0.3").status for _ in range(3)] == [200, 200, 429]


def test_guesses_from_an_address_do_not_use_up_the_rate_of_a_known_user_there(tmp_path: Path) -> None:
    user = f"alice: {bcrypt.hashpw(b'wonderland', bcrypt.gensalt(4)).decode()}"
    access = web_config(tmp_path, f"rate_limit: {{interval: 1h, burst: 3}}\nbasic_auth_users: {{{user}}}").access
    with serving(Site(), access=access) as site:
        right, wrong = ("Basic " + b64encode(f"alice:{word}".encode()).decode() for word in ("wonderland", "guess"))
        assert site.request(authorization=right).status == 200
        guesses = [site.request(authorization=wrong).status for _ in range(4)]
        assert guesses == [401, 401, 429, 429]
        assert [site.request(authorization=right).status for _ in range(4)] == [200, 200, 200, 429]


def test_a_client_that_was_evicted_begins_anew_and_others_do_not() -> None:
    limiter, limit = RateLimiter(max_clients=2), RateLimit(1000, 1)
    assert [limiter.try_acquire(client, limit, 0) for client in "aababca"] == [
        *(True, False, True, False, False, True, True)
    ]
