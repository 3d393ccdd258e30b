"""Following an engine that is away, ends the stream, hangs, refuses or talks nonsense."""

import json
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from exporter.docker_engine.settings import TIMING, Timing
from tests.support.engine_follower import PATIENT, SECONDS, Follower
from tests.support.fake_engine import FakeEngine
from tests.support.waiting import until


def reconnects(follower: Follower) -> int:
    return follower.watcher.stats().reconnects


@pytest.mark.parametrize("properly", [True, False], ids=["in the regular way", "in the middle of the answer"])
def test_a_stream_that_ends_is_opened_again_and_everything_is_read(
    engine: FakeEngine, follower: Follower, *, properly: bool
) -> None:
    engine.appear_silently("web")
    engine.end_streams(properly=properly)
    follower.wait(lambda: follower.resyncs("reconnect") == 1, "a list")
    follower.wait(lambda: follower.container("web") and follower.inventory.connected, "web")
    assert reconnects(follower) == 1
    assert follower.resyncs("start") == 1


def test_what_happened_between_two_streams_is_replayed(engine: FakeEngine, follower: Follower) -> None:
    engine.run("web")
    follower.wait(lambda: follower.container("web"), "web")
    engine.end_streams()
    engine.rename("web", "shop")
    follower.wait(lambda: follower.watcher.stats().events.get(("container", "rename")), "the rename")
    follower.wait(lambda: follower.container("shop"), "shop")
    assert follower.watcher.stats().events["container", "start"] == 1


def test_a_quiet_stream_is_asked_whether_it_lives_and_counts_as_connected(
    engine: FakeEngine, follow: Callable[..., Follower]
) -> None:
    follower = follow(replace(PATIENT, quiet=1.0)).synced()  # the engine, too, must answer within it
    pings = Counter(engine.asked)["/_ping"]
    follower.wait(lambda: Counter(engine.asked)["/_ping"] > pings + 2, "three pings")
    engine.run("web")
    follower.wait(lambda: follower.container("web"), "web")
    assert follower.watcher.stats().stream_connected
    assert reconnects(follower) == 0
    assert follower.resyncs("reconnect") == 0


def test_the_version_is_read_once_for_all_connections(engine: FakeEngine, follower: Follower) -> None:
    """Podman runs other programs for the answer, and each thread has a connection."""
    for name in "abcd":
        engine.run(name)
    follower.wait(lambda: follower.settled() and all(map(follower.container, "abcd")), "the containers")
    assert Counter(engine.asked)["/version"] == 1


def test_an_engine_that_hangs_is_called_away_until_it_goes_on(
    engine: FakeEngine, follow: Callable[..., Follower]
) -> None:
    follower = follow(Timing(request_timeout=1.0, quiet=0.3)).synced()
    engine.run("web")
    follower.wait(lambda: follower.settled() and follower.container("web"), "web")
    with engine.holding(""):
        follower.wait(lambda: not follower.inventory.connected, "a hung engine noticed")
        assert not follower.watcher.stats().stream_connected
        assert follower.container("web") is not None
    follower.wait(lambda: follower.inventory.connected, "the engine again")


def test_an_engine_that_is_away_at_first_is_followed_once_it_appears(tmp_path: Path) -> None:
    with FakeEngine(tmp_path) as engine, closing(Follower(engine)) as follower:
        assert follower.watcher.waiting_for() == "the engine"
        follower.watcher.start()
        until(lambda: not follower.watcher.waiting_for(), SECONDS, "found to be away")
        assert not follower.inventory.connected
        engine.appear_silently("web")
        engine.appear()
        follower.wait(lambda: follower.container("web"), "web")
        assert (follower.resyncs("start"), reconnects(follower)) == (1, 0)


def test_the_first_look_ends_while_events_come_without_a_pause(
    engine: FakeEngine, follow: Callable[..., Follower]
) -> None:
    """As on a host full of health checks, where one container is locked."""
    engine.appear_silently("web")
    follower = follow()
    with engine.holding("/containers/web-id/json"):
        follower.watcher.start()
        follower.wait(
            lambda: engine.emit("container", "exec_die", "web") and not follower.watcher.waiting_for(), "a first look"
        )


def test_an_engine_that_goes_leaves_what_was_known(engine: FakeEngine, follower: Follower) -> None:
    engine.run("web")
    follower.wait(lambda: follower.container("web"), "web")
    engine.vanish()
    follower.wait(lambda: not follower.inventory.connected, "the engine gone")
    assert follower.container("web") is not None
    engine.appear()
    follower.wait(lambda: follower.inventory.connected and follower.resyncs("reconnect") == 1, "the engine again")


@pytest.mark.parametrize("path", ["/containers/json", "/networks", "/info"])
def test_a_list_that_is_refused_is_asked_for_again(
    engine: FakeEngine, follow: Callable[..., Follower], path: str
) -> None:
    engine.failing[path] = 500
    follower = follow()
    follower.watcher.start()
    until(lambda: Counter(engine.asked)[path] > 1, SECONDS, "a second try")
    assert not follower.inventory.connected
    del engine.failing[path]
    follower.wait(lambda: follower.inventory.connected, "a list")


def test_an_event_stream_that_is_refused_is_asked_for_again(
    engine: FakeEngine, follow: Callable[..., Follower]
) -> None:
    engine.failing["/events"] = 500
    follower = follow()
    follower.watcher.start()
    until(lambda: Counter(engine.asked)["/events"] > 1, SECONDS, "a second try")
    assert not follower.inventory.connected
    del engine.failing["/events"]
    follower.wait(lambda: follower.inventory.connected, "a list")


def test_an_inspect_that_is_refused_is_asked_for_again(engine: FakeEngine, follower: Follower) -> None:
    path = "/containers/web-id/json"
    engine.failing[path] = 500
    engine.run("web")
    follower.wait(lambda: Counter(engine.asked)[path] > 1, "a second try")
    del engine.failing[path]
    follower.wait(lambda: follower.container("web"), "web")
    assert follower.inventory.connected


def test_an_inspect_that_is_always_refused_is_not_asked_for_in_a_tight_loop(
    engine: FakeEngine, follower: Follower
) -> None:
    """Engines refuse the inspect of a container whose files are damaged, for ever."""
    path = "/containers/web-id/json"
    engine.failing[path] = 500
    engine.run("web")
    follower.wait(lambda: Counter(engine.asked)[path] > 1, "a second try")
    tried, began = Counter(engine.asked)[path], time.monotonic()
    follower.wait(lambda: Counter(engine.asked)[path] > tried + 4, "more tries")
    assert time.monotonic() - began > 4 * TIMING.poll / 2


@pytest.mark.parametrize(
    "line",
    [b"{no json\n", b'"text"\n', b"[]\n", b'{"Type": "container", "timeNano": "soon"}\n', b'{"Actor": "nobody"}\n'],
    ids=["no JSON", "a string", "a list", "a time that is none", "an actor that is none"],
)
def test_an_event_that_is_none_starts_the_following_over(engine: FakeEngine, follower: Follower, line: bytes) -> None:
    engine.write(line)
    follower.wait(lambda: reconnects(follower) == 1, "another stream")
    engine.run("web")
    follower.wait(lambda: follower.container("web"), "web")


@pytest.mark.parametrize("actor", [None, {}, {"ID": "web-id"}, {"ID": "", "Attributes": None}], ids=json.dumps)
def test_an_event_without_an_actor_changes_nothing(engine: FakeEngine, follower: Follower, actor: object) -> None:
    event = {"Type": "network", "Action": "prune", "Actor": actor, "timeNano": 1}
    engine.repeat(event)
    engine.run("web")
    follower.wait(lambda: follower.container("web"), "web")
    assert reconnects(follower) == 0
