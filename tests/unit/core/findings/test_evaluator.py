"""Rules evaluated one moment after another: what holds for how long, and what is not evaluated."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from msgspec.structs import replace

from exporter.core.findings.evaluator import Evaluation, Evaluator
from exporter.core.findings.finding import Finding
from exporter.core.findings.rule import Input, Rule

LOST = Finding("lost", "warning", "confirmed", "veth1", "veth1 is lost", {"subject": "veth1"})
FULL = Finding("full", "critical", "confirmed", "", "the table is full", {})
HOLD = 10.0


@dataclass(eq=False)
class Host:
    """What holds at a moment."""

    conditions: tuple[Finding, ...] = ()
    checks: list[str] = field(default_factory=list)


def of_kind(kind: str) -> Rule[Host]:
    """A rule that finds what the host has of its kind."""

    def check(host: Host) -> Iterator[Finding]:
        host.checks.append(kind)
        return (one for one in host.conditions if one.kind == kind)

    needs = {"lost": frozenset({Input.ENGINE}), "full": frozenset({Input.ROUTES, Input.ENGINE})}
    return Rule(kind, check, needs.get(kind, frozenset()), {"lost": HOLD}.get(kind, 0.0))


@pytest.fixture
def evaluator() -> Evaluator[Host]:
    return Evaluator((of_kind("lost"), of_kind("full"), of_kind("calm")))


def test_a_condition_is_pending_until_it_has_held_and_a_finding_from_then_on(evaluator: Evaluator[Host]) -> None:
    host = Host((LOST, FULL))
    first = evaluator.evaluate(host, frozenset(), 100.0)
    assert (first.findings, first.pending) == ((FULL,), {"lost": HOLD})
    assert evaluator.evaluate(host, frozenset(), 109.9).findings == (FULL,)
    last = evaluator.evaluate(host, frozenset(), 110.0)
    assert (last.findings, last.pending) == ((LOST, FULL), {})


def test_a_condition_that_was_away_starts_anew(evaluator: Evaluator[Host]) -> None:
    evaluator.evaluate(Host((LOST,)), frozenset(), 0.0)
    evaluator.evaluate(Host(), frozenset(), 5.0)
    assert evaluator.evaluate(Host((LOST,)), frozenset(), 11.0).findings == ()


@pytest.mark.parametrize(
    "changed",
    [
        replace(LOST, detail="reworded"),
        replace(LOST, severity="critical"),
        replace(LOST, confidence="suspected"),
        replace(LOST, labels={"subject": "renamed"}),
    ],
    ids=["detail", "severity", "confidence", "labels"],
)
def test_what_may_change_of_a_condition_does_not_start_it_anew(evaluator: Evaluator[Host], changed: Finding) -> None:
    evaluator.evaluate(Host((LOST,)), frozenset(), 0.0)
    assert evaluator.evaluate(Host((changed,)), frozenset(), HOLD).findings == (changed,)


def test_conditions_are_told_apart_by_kind_and_key(evaluator: Evaluator[Host]) -> None:
    evaluator.evaluate(Host((LOST,)), frozenset(), 0.0)
    assert evaluator.evaluate(Host((replace(LOST, key="veth2"),)), frozenset(), HOLD).findings == ()
    twice = Host((FULL, replace(FULL, detail="again")))
    assert evaluator.evaluate(twice, frozenset(), HOLD).findings == (FULL,)


def test_a_rule_without_its_inputs_is_not_evaluated_and_that_is_said(evaluator: Evaluator[Host]) -> None:
    host = Host((LOST, FULL))
    found = evaluator.evaluate(host, {Input.ROUTES, Input.ENGINE, Input.NAT}, 0.0)
    assert found == Evaluation(
        evaluated=("calm",),
        not_evaluated={"lost": (Input.ENGINE,), "full": (Input.ENGINE, Input.ROUTES)},
    )
    assert (found.missing, host.checks) == ((Input.ENGINE, Input.ROUTES), ["calm"])


def test_a_condition_starts_anew_after_its_rule_was_suspended(evaluator: Evaluator[Host]) -> None:
    host = Host((LOST,))
    evaluator.evaluate(host, frozenset(), 0.0)
    evaluator.evaluate(host, {Input.ENGINE}, HOLD)
    assert evaluator.evaluate(host, frozenset(), HOLD + 1).findings == ()
    assert evaluator.evaluate(host, frozenset(), 2 * HOLD + 1).findings == (LOST,)


def test_nothing_is_checked_while_the_context_is_the_same(evaluator: Evaluator[Host]) -> None:
    host = Host((LOST,))
    first, second = (evaluator.evaluate(host, frozenset(), now) for now in (0.0, 1.0))
    assert first is second
    held, again = (evaluator.evaluate(host, frozenset(), now) for now in (HOLD, HOLD + 1))
    assert held is again
    assert host.checks == ["lost", "full", "calm"]


def test_two_groups_are_joined() -> None:
    one = Evaluation((LOST,), ("lost",), {"full": (Input.ROUTES,)}, {"slow": 1.0})
    other = Evaluation((FULL,), ("calm",), {"late": (Input.NAT,)}, {"late": 2.0})
    assert one.joined(other) == Evaluation(
        (LOST, FULL),
        ("lost", "calm"),
        {"full": (Input.ROUTES,), "late": (Input.NAT,)},
        {"slow": 1.0, "late": 2.0},
    )
