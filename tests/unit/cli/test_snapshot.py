"""When one look is enough, and when another is worth its time."""

from dataclasses import replace
from typing import Any

import pytest

from exporter.cli.snapshot import STAND_SECONDS, SWEEP_SECONDS, _is_unfinished
from exporter.core.nat.evaluator import NatJudgement
from exporter.core.nat.tracker import NatView
from exporter.core.network.result import Judgement
from exporter.core.observation import Observation
from exporter.core.ports.result import PortJudgement
from tests.support.builders import observed, shop

CALM_PORTS = PortJudgement()


def seen(nat: NatView | None = None, ports: PortJudgement = CALM_PORTS, **judgement: Any) -> Observation:
    """An observation with this judgement."""
    return replace(observed(shop()), judgement=Judgement(**judgement), ports=ports, nat=nat)


CALM = seen()
DOUBTFUL = {
    "a port": seen(ports=PortJudgement(pending=True)),
    "a network": seen(suspects=frozenset({"detached_veth"})),
    "a rule": seen(NatView(judgement=NatJudgement(pending=True))),
}


def test_where_nothing_is_doubtful_one_look_is_enough() -> None:
    assert not _is_unfinished(CALM, 0.0, doubtful=True)


@pytest.mark.parametrize("what", DOUBTFUL)
def test_what_must_stand_is_waited_for_and_no_longer(what: str) -> None:
    assert _is_unfinished(DOUBTFUL[what], STAND_SECONDS - 0.1, doubtful=True)
    assert not _is_unfinished(DOUBTFUL[what], STAND_SECONDS, doubtful=True)
    assert not _is_unfinished(DOUBTFUL[what], 0.0, doubtful=False)


def test_for_what_must_stand_for_minutes_nobody_waits() -> None:
    assert not _is_unfinished(seen(suspects=frozenset({"orphan_veth", "ghost_endpoint"})), 0.0, doubtful=True)


@pytest.mark.parametrize(
    "observation",
    [seen(suspended=("overlays",)), seen(ports=PortJudgement(suspended=("namespace_sockets",)))],
    ids=["overlays", "containers' namespaces"],
)
def test_what_is_read_beside_the_looks_is_waited_for_a_moment(observation: Observation) -> None:
    assert _is_unfinished(observation, SWEEP_SECONDS - 0.1, doubtful=False)
    assert not _is_unfinished(observation, SWEEP_SECONDS, doubtful=True)


def test_what_will_never_be_read_is_not_waited_for() -> None:
    assert not _is_unfinished(seen(suspended=("routes",)), 0.0, doubtful=True)
