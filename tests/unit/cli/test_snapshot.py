"""When one look is enough, and when another is worth its time."""

from typing import Any

import pytest
from msgspec.structs import replace

from exporter.cli.snapshot import SWEEP_SECONDS, _is_unfinished
from exporter.core.nat.view import NatView
from exporter.core.network.result import NetworkResult
from exporter.core.observation import Observation
from exporter.core.ports.result import PortResult
from exporter.core.views.pending import MAX_HOLD_SECONDS
from tests.support.builders import observed, shop
from tests.support.findings import evaluation

CALM_PORTS = PortResult()


def seen(nat: NatView | None = None, ports: PortResult = CALM_PORTS, **networks: Any) -> Observation:
    """An observation with this evaluation of networks."""
    return replace(observed(shop()), network=NetworkResult(evaluation(**networks)), ports=ports, nat=nat)


CALM = seen()
DOUBTFUL = {
    "a port": seen(ports=PortResult(evaluation(pending={"latent": 10.0}))),
    "a network": seen(pending={"detached_veth": 2.0}),
    "a rule": seen(NatView(evaluation=evaluation(pending={"missing_dnat": 10.0}))),
    "a look-up": seen(ports=PortResult(lookups_pending=True)),
}


def test_where_nothing_is_doubtful_one_look_is_enough() -> None:
    assert not _is_unfinished(CALM, 0.0, wait_for_pending=True)


@pytest.mark.parametrize("what", DOUBTFUL)
def test_what_must_stand_is_waited_for_and_no_longer(what: str) -> None:
    assert _is_unfinished(DOUBTFUL[what], MAX_HOLD_SECONDS - 0.1, wait_for_pending=True)
    assert not _is_unfinished(DOUBTFUL[what], MAX_HOLD_SECONDS, wait_for_pending=True)
    assert not _is_unfinished(DOUBTFUL[what], 0.0, wait_for_pending=False)


def test_for_what_must_stand_for_minutes_nobody_waits() -> None:
    assert not _is_unfinished(seen(pending={"orphan_veth": 180.0, "ghost_endpoint": 90.0}), 0.0, wait_for_pending=True)


@pytest.mark.parametrize(
    "observation",
    [seen(missing=("overlays",)), seen(ports=PortResult(evaluation(missing=("namespace_sockets",))))],
    ids=["overlays", "containers' namespaces"],
)
def test_what_is_read_beside_the_looks_is_waited_for_a_moment(observation: Observation) -> None:
    assert _is_unfinished(observation, SWEEP_SECONDS - 0.1, wait_for_pending=False)
    assert not _is_unfinished(observation, SWEEP_SECONDS, wait_for_pending=True)


def test_what_will_never_be_read_is_not_waited_for() -> None:
    assert not _is_unfinished(seen(missing=("routes",)), 0.0, wait_for_pending=True)
