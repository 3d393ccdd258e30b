"""Answers that are not translated back, and answers to a source that the host does not have."""

from typing import Any

import pytest
from msgspec.structs import replace

from exporter.core.explain.answers import answer_steps
from exporter.core.nat.address_numbers import number_of
from exporter.core.nat.packet import Inside, Packet
from exporter.core.nat.ruleset import STATE_INVALID, Effect, Rule
from exporter.core.nat.walk.outcome import Decision, Outcome
from exporter.core.nat.walk.ways import Way
from tests.support.nat_hosts import OLD

BINDING = next(one for one in OLD.expected().bindings if one.host_port == 8080)
EXEMPT = Rule("ip", "raw", "PREROUTING", "CT", effects=(Effect("untracked"),))
OWN = Inside(own={"ip": frozenset({number_of("192.0.2.10"), number_of("172.18.0.1")})})


def way(source: str = "", exempt: Rule | None = None) -> Way:
    """A way that arrives, with a source translation and a rule that exempts the answers."""
    raw = ("ip", "raw", "PREROUTING")
    untracked = Decision(raw, "NOTRACK", 3, exempt, 1) if exempt else None
    snat = Rule("ip", "nat", "POSTROUTING", "SNAT", address=source)
    translated = (Decision(snat.place, "SNAT", 3, snat, 1, source),) if source else ()
    passed = Outcome("ACCEPT", Packet(), translations=translated)
    return Way(
        (Outcome("ACCEPT", Packet()), passed, Outcome("ACCEPT", Packet(state=STATE_INVALID), untracked=untracked))
    )


def found(whole: Way, inside: Inside = OWN) -> list[tuple[str, str]]:
    context = OLD.scene()
    context.expected = replace(context.expected, inside=inside)
    return [(step.state, step.detail) for step in answer_steps(context, BINDING, whole)]


def test_an_ordinary_way_has_no_step() -> None:
    assert found(way()) == []
    assert found(Way(way().parts[:1])) == []


def test_answers_that_are_not_tracked(sentence: Any) -> None:
    assert found(way(exempt=EXEMPT)) == [("failed", sentence)]


@pytest.mark.parametrize(
    ("source", "inside", "states"),
    [
        ("172.18.0.77", OWN, ["unknown"]),
        ("172.18.0.1", OWN, []),
        ("198.51.100.9", OWN, []),
        ("172.18.0.77", Inside(), []),
    ],
    ids=["unused on the bridge", "the bridge's", "routed through the host", "own addresses not read"],
)
def test_the_source_of_a_translation(source: str, inside: Inside, states: list[str]) -> None:
    assert [state for state, _ in found(way(source), inside)] == states
