"""More events than the queue takes."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest

from exporter.docker_engine import watcher as watcher_module
from exporter.docker_engine.inspector import THREADS, Answer, Subject
from tests.support.engine_follower import Follower
from tests.support.fake_engine import FakeEngine

INSPECT = "/containers/web-id/json"


@pytest.fixture
def follower(engine: FakeEngine, follow: Callable[[], Follower], monkeypatch: pytest.MonkeyPatch) -> Follower:
    """One with a short queue, that knows a container."""
    monkeypatch.setattr(watcher_module, "QUEUE", 20)
    engine.appear_silently("web")
    return follow().synced()


def asked(engine: FakeEngine, path: str) -> int:
    return Counter(engine.asked)[path]


def answered(follower: Follower) -> list[Subject]:
    """What the answers in the queue are about; that of the unknown network may be among them."""
    return [item.subject for item in list(follower.watcher._queue.queue) if isinstance(item, Answer)]


@contextmanager
def overflowing(engine: FakeEngine, follower: Follower) -> Iterator[None]:
    """Keep the thread that empties the queue waiting for a list of the networks; fill the queue at the end."""
    with engine.holding("/networks"):
        lists = asked(engine, "/networks")
        engine.emit("network", "create", "", "unknown")
        follower.wait(lambda: asked(engine, "/networks") > lists, "a list under way")
        yield
        for number in range(50):
            engine.emit("container", "unpause", f"burst-{number}")
        engine.appear_silently("last")
        engine.emit("container", "unpause", "last")
        heard = ("container", "unpause")
        follower.wait(lambda: follower.watcher.stats().events.get(heard) == 51, "all of them heard")
    follower.wait(lambda: follower.resyncs("overflow"), "everything read again")


def test_events_that_were_lost_make_it_read_everything_again(engine: FakeEngine, follower: Follower) -> None:
    with overflowing(engine, follower):
        pass
    follower.wait(lambda: (last := follower.container("last")) and last.pid, "what the lost event told of")
    assert follower.resyncs("reconnect") == 0


def test_a_container_whose_answer_was_lost_is_inspected_again(engine: FakeEngine, follower: Follower) -> None:
    with ExitStack() as held:
        held.enter_context(engine.holding(INSPECT))
        engine.emit("container", "update", "web")
        follower.wait(lambda: asked(engine, INSPECT) == 2, "an inspect under way")
        with overflowing(engine, follower):
            held.close()
            follower.wait(lambda: ("container", "web-id") in answered(follower), "its answer in the queue")
    engine.rename("web", "shop")
    follower.wait(lambda: follower.container("shop"), "shop")


def test_an_answer_from_before_an_overflow_does_not_stand_over_a_later_one(
    engine: FakeEngine, follower: Follower
) -> None:
    with engine.holding(INSPECT):
        engine.emit("container", "update", "web")
        follower.wait(lambda: asked(engine, INSPECT) == 2, "an inspect under way")
        engine.hold_no_more(INSPECT)
        with overflowing(engine, follower):
            pass
        engine.rename("web", "shop")
        follower.wait(lambda: follower.container("shop"), "shop")
    use_every_thread(engine, follower)
    assert follower.container("shop") is not None


def use_every_thread(engine: FakeEngine, follower: Follower) -> None:
    """Inspect as many containers at once as there are threads: each has handed over what it was told before."""
    names = [f"busy-{number}" for number in range(THREADS)]
    with ExitStack() as held:
        for name in names:
            held.enter_context(engine.holding(f"/containers/{name}-id/json"))
            engine.run(name)
        follower.wait(lambda: all(asked(engine, f"/containers/{name}-id/json") for name in names), "all under way")
    follower.wait(lambda: all(follower.container(name) for name in names), "all inspected")
