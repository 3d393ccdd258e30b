"""Calls that are late, fail, and rest."""

import threading
from collections.abc import Callable, Iterator

import pytest

from exporter.kernel.late_call import LateCall
from tests.support.waiting import until


class Clock:
    """Moves by hand."""

    now = 100.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def late(clock: Clock) -> Iterator[LateCall[str]]:
    made = LateCall[str]("late", 0.01, rests=4, clock=clock)
    yield made
    made.stop()


def test_a_quick_call_is_answered_at_once_again_and_again(clock: Clock) -> None:
    quick = LateCall[str]("quick", 30, clock=clock)
    assert [quick.poll(lambda: "a"), quick.poll(lambda: "b")] == ["a", "b"]
    quick.stop()


def test_a_late_result_is_taken_later_and_then_it_rests(late: LateCall[str], clock: Clock) -> None:
    go = threading.Event()

    def slow() -> str:
        go.wait(60)
        clock.now += 2
        return "slow"

    assert late.poll(slow) is None
    assert late.poll(lambda: "not begun") is None
    go.set()
    assert until(lambda: late.poll(lambda: "not begun"), 60, "the late result") == "slow"
    assert late.poll(lambda: "too early") is None
    clock.now += 4 * 2
    assert until(lambda: late.poll(lambda: "rested"), 60, "the next one") == "rested"


@pytest.mark.parametrize("error", [OSError("refused"), TimeoutError("of the call itself")])
def test_what_it_raises_is_raised_once(clock: Clock, error: Exception) -> None:
    call = LateCall[str]("failing", 30, clock=clock)

    def fail() -> str:
        raise error

    with pytest.raises(type(error), match=str(error)):
        call.poll(fail)
    answer: Callable[[], str] = lambda: "well"  # noqa: E731
    assert call.poll(answer) == "well"
    call.stop()
