"""A fault that a container's start looks like is looked at once more."""

from typing import Any

import pytest

from exporter.app.reach import SETTLE_SECONDS, settled
from exporter.core.explain.path import BLOCKED, FAILED, OK, UNKNOWN, Step
from exporter.core.observation import Observation
from exporter.core.reach.answer import End, ReachAnswer, ReachPath
from tests.support.reach_hosts import ReachHost

FIRST, SECOND = ReachHost().observation(), ReachHost().observation()


def answer(name: str, state: str, code: str = "") -> ReachAnswer:
    steps = (Step("route", OK, "routed"), Step(name, state, "found", code))
    return ReachAnswer("a b", (ReachPath(End("a"), End("b"), "tcp", 80, steps),))


def asked(first: ReachAnswer) -> tuple[ReachAnswer, list[Any]]:
    """The answer where everything is well at the second look, and what was done for it."""
    done: list[Any] = []

    def explain(observation: Observation) -> ReachAnswer:
        return first if observation is FIRST else answer("listener", OK)

    def again() -> Observation:
        done.append("again")
        return SECOND

    return settled(explain, FIRST, again, done.append), done


@pytest.mark.parametrize("name", ["container", "link", "filter", "name"])
def test_what_is_left_of_a_fault_a_moment_later_is_the_answer(name: str) -> None:
    found, done = asked(answer(name, FAILED, "veth_detached"))
    assert (found.verdict, done) == ("reachable", [SETTLE_SECONDS, "again"])


def test_so_it_is_with_a_namespace_that_is_not_visible() -> None:
    assert asked(answer("container", UNKNOWN, "not_readable"))[0].verdict == "reachable"


def test_where_no_observation_is_made_in_time_the_answer_stays() -> None:
    def again() -> Observation:
        raise TimeoutError

    first = answer("link", FAILED, "veth_detached")
    assert settled(lambda _: first, FIRST, again, lambda _: None) is first


@pytest.mark.parametrize(
    "first",
    [
        answer("listener", FAILED, "not_listening"),
        answer("route", FAILED, "no_route"),
        answer("filter", BLOCKED, "operator_rule"),
        answer("filter", UNKNOWN, "rule_not_understood"),
        answer("container", UNKNOWN, "privilege_missing"),
        answer("link", OK),
    ],
)
def test_what_a_start_does_not_look_like_is_the_answer_at_once(first: ReachAnswer) -> None:
    assert asked(first) == (first, [])
