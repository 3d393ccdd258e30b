"""What was evaluated and what was tried: which of the two decides (each row of the table of both)."""

import pytest

from exporter.core.explain.path import BLOCKED, FAILED, OK, REACHABLE, UNDETERMINED, UNKNOWN, UNREACHABLE, Step
from exporter.core.reach.answer import End, ReachPath
from exporter.core.reach.probed import joined
from exporter.core.reach.tried import (
    ANSWERED,
    CLOSED,
    NO_HOST,
    OPEN,
    REFUSED,
    SILENT,
    TIMED_OUT,
    TOO_BIG,
    Connect,
    Echo,
    NameAnswer,
    Tried,
)

ADDRESS = "172.18.0.3"
FINE = Step("route", OK, "routed")
DROPPED = Step("filter", FAILED, "dropped", "drop_rule")
CLOSED_OFF = Step("filter", BLOCKED, "dropped", "operator_rule")
UNCLEAR = Step("filter", UNKNOWN, "may match", "rule_not_understood")
PAUSED = Step("listener", FAILED, "paused", "container_paused")


def tried(outcome: str, seconds: float = 0.001, **more: str) -> Tried:
    return Tried(connect=Connect(ADDRESS, outcome, seconds, **more))


def verdict(step: Step, seen: Tried) -> tuple[str, str, str]:
    """The verdict, and the state and code of the step of the attempt."""
    found = joined(ReachPath(End("client"), End("web", address=ADDRESS), "tcp", 80, (step,)), seen)
    assert found.tried is seen
    return found.verdict, found.steps[-1].state, found.steps[-1].code


@pytest.mark.parametrize(
    ("step", "seen", "expected"),
    [
        (FINE, tried(OPEN), (REACHABLE, OK, "")),
        (FINE, tried(REFUSED), (UNREACHABLE, FAILED, "probe_failed")),
        (FINE, tried(CLOSED), (UNDETERMINED, UNKNOWN, "probe_undecided")),
        (FINE, tried(SILENT), (UNDETERMINED, UNKNOWN, "probe_undecided")),
        (DROPPED, tried(TIMED_OUT), (UNREACHABLE, FAILED, "probe_failed")),
        (CLOSED_OFF, tried(TIMED_OUT), (UNREACHABLE, FAILED, "probe_failed")),
        (DROPPED, tried(OPEN), (UNDETERMINED, UNKNOWN, "probe_contradicts")),
        (PAUSED, tried(OPEN), (UNREACHABLE, OK, "")),
        (UNCLEAR, tried(OPEN), (REACHABLE, OK, "")),
        (UNCLEAR, tried(ANSWERED), (REACHABLE, OK, "")),
        (UNCLEAR, tried(NO_HOST), (UNREACHABLE, FAILED, "probe_failed")),
        (FINE, Tried(error="no right"), (UNDETERMINED, UNKNOWN, "privilege_missing")),
        (FINE, Tried(name=NameAnswer("127.0.0.11", "NXDOMAIN")), (UNREACHABLE, FAILED, "probe_failed")),
        (FINE, Tried(), (UNDETERMINED, UNKNOWN, "probe_undecided")),
    ],
)
def test_which_decides(step: Step, seen: Tried, expected: tuple[str, str, str]) -> None:
    assert verdict(step, seen) == expected


@pytest.mark.parametrize("outcome", [TIMED_OUT, TOO_BIG])
def test_a_large_packet_that_is_lost_where_small_ones_arrive_leaves_it_undecided(outcome: str) -> None:
    seen = Tried(connect=Connect(ADDRESS, OPEN), echo=Echo(1500, outcome, smaller=True))
    assert verdict(FINE, seen) == (UNDETERMINED, UNKNOWN, "probe_undecided")


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (tried(NO_HOST, 3.06), "no device has the address"),
        (tried(NO_HOST, 0.001), "a rule or a router rejects it"),
        (tried(NO_HOST, 0.001, offender="192.0.2.1"), "192.0.2.1 rejects it"),
        (tried(REFUSED, 0.001, offender="172.18.0.1"), "a rule of 172.18.0.1 rejects it"),
        (tried("failed", reason="No buffer space"), "No buffer space"),
        (Tried(name=NameAnswer("127.0.0.11", REFUSED)), "127.0.0.11 refuses the query"),
        (Tried(connect=Connect(ADDRESS, OPEN), echo=Echo(1500, ANSWERED)), "1500 bytes get there"),
    ],
)
def test_the_time_and_the_sender_of_an_error_are_what_the_sentence_goes_by(seen: Tried, words: str) -> None:
    found = joined(ReachPath(End("client"), End("web", address=ADDRESS), "tcp", 80, (FINE,)), seen)
    assert words in found.steps[-1].detail
