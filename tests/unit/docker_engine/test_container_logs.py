"""Logs of containers that failed where others use the same ports: when they are read, and what of."""

from collections import Counter
from typing import Any

import pytest

from exporter.core.model.container_details import LogEvidence
from exporter.docker_engine import client as client_module
from exporter.docker_engine.container_logs import demultiplexed
from tests.support.engine_follower import Follower
from tests.support.fake_engine import FakeEngine

LINE = b"httpd: bind() to 0.0.0.0:8080 failed (98: Address already in use)\n"
LOG = "/containers/web-id/logs"


def frame(stream: int, text: bytes) -> bytes:
    return bytes((stream, 0, 0, 0)) + len(text).to_bytes(4, "big") + text


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (frame(1, b"out\n") + frame(2, b"err\n"), b"out\nerr\n"),
        (frame(1, b"a" * 300), b"a" * 300),
        (frame(1, b"") + frame(2, b"err\n"), b"err\n"),
        (frame(1, b"out\n") + frame(2, b"cut here")[:-4], b"out\ncut "),
        (frame(1, b"out\n") + frame(2, b"cut in the head")[:5], b"out\n"),
        (b"plain text of a terminal\r\n", b"plain text of a terminal\r\n"),
        (b"short", b"short"),
        (b"", b""),
    ],
)
def test_frames_are_taken_off_where_there_are_some(data: bytes, text: bytes) -> None:
    assert demultiplexed(data) == text


def now(
    engine: FakeEngine, status: str, *, mode: str = "host", code: int = 1, finished: int = 1, count: int = 0
) -> None:
    """Web is in this state, and the engine tells of its end."""
    document = engine.containers["web-id"]
    document["State"] = {
        "Status": status,
        "Pid": 100 if status == "running" else 0,
        "ExitCode": code,
        "StartedAt": "2026-11-24T10:00:00Z",
        "FinishedAt": f"2026-11-24T10:00:0{finished}Z",
    }
    document["HostConfig"] |= {"NetworkMode": mode, "LogConfig": {"Type": "journald"}}
    document["RestartCount"] = count
    engine.emit("container", "die", "web")


def evidence(follower: Follower) -> LogEvidence | None:
    web = follower.container("web")
    return web.details.log if web and web.details else None


def state(follower: Follower) -> str:
    web = follower.container("web")
    return web.state if web else ""


@pytest.fixture
def web(engine: FakeEngine, follower: Follower) -> Any:
    """A container, running, and what it has logged."""
    engine.logs["web-id"] = frame(2, LINE)
    engine.run("web")
    follower.wait(lambda: state(follower) == "running", "web")
    return engine


@pytest.mark.parametrize("mode", ["host", "container:other-id"])
def test_of_one_that_failed_in_a_namespace_that_it_shares_the_log_is_read_once(
    web: FakeEngine, follower: Follower, mode: str
) -> None:
    now(web, "exited", mode=mode)
    follower.wait(lambda: evidence(follower), "its log")
    assert evidence(follower) == LogEvidence(1, (8080,))
    web.emit("container", "update", "web")
    web.rename("web", "shop")
    follower.wait(lambda: follower.container("shop"), "another inspect")
    assert Counter(web.asked)[LOG] == 1


def test_each_end_is_another_log(web: FakeEngine, follower: Follower) -> None:
    now(web, "restarting", finished=1)
    follower.wait(lambda: evidence(follower), "its first log")
    web.logs["web-id"] = b"nothing of that kind\r\n"
    now(web, "restarting", finished=2)
    follower.wait(lambda: evidence(follower) == LogEvidence(), "its second log")


@pytest.mark.parametrize(("mode", "code"), [("bridge", 1), ("host", 0)])
def test_of_one_with_a_namespace_of_its_own_or_that_ended_well_it_is_not_read(
    web: FakeEngine, follower: Follower, mode: str, code: int
) -> None:
    now(web, "exited", mode=mode, code=code)
    follower.wait(lambda: state(follower) == "exited", "its end")
    assert (evidence(follower), Counter(web.asked)[LOG]) == (None, 0)


def test_what_the_engine_cannot_read_says_why_and_the_container_is_known(web: FakeEngine, follower: Follower) -> None:
    web.failing[LOG] = 501
    now(web, "exited")
    follower.wait(lambda: evidence(follower), "the reason")
    assert evidence(follower) == LogEvidence(unreadable="journald: planted")


def test_of_one_that_is_gone_meanwhile_there_is_no_line(web: FakeEngine, follower: Follower) -> None:
    del web.logs["web-id"]
    now(web, "exited")
    follower.wait(lambda: evidence(follower) == LogEvidence(), "an empty log")


def test_a_restarted_one_keeps_its_last_lifes_words_and_one_that_was_started_by_hand_does_not(
    web: FakeEngine, follower: Follower
) -> None:
    now(web, "restarting", count=1)
    follower.wait(lambda: evidence(follower), "its log")
    now(web, "running", count=2)
    follower.wait(lambda: state(follower) == "running", "its next life")
    assert evidence(follower) == LogEvidence(1, (8080,))
    now(web, "running", count=0)
    follower.wait(lambda: evidence(follower) is None, "a life of its own")


def test_a_long_log_is_cut(web: FakeEngine, follower: Follower, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "LONGEST_LOG", 100)
    web.logs["web-id"] = frame(1, b"x" * 200) + frame(2, LINE)
    now(web, "exited")
    follower.wait(lambda: evidence(follower) == LogEvidence(), "what is left of it")
