"""Texts that are kept from one scrape to the next are never those of another observation."""

from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import fields, replace

from exporter.config import COLLECTORS
from exporter.core.findings.evaluator import Evaluation
from exporter.core.model.kernel_sample import Degraded
from exporter.core.nat.reading import NatReading
from exporter.core.nat.rule_counts import RuleCounts
from exporter.core.nat.ruleset import Ruleset
from exporter.core.nat.view import CounterTotals, NatView
from exporter.core.observation import Observation
from exporter.core.topology.address_pools import PoolUse
from exporter.metrics.exposition import Exposition
from tests.support.families import exposed
from tests.support.recorded import hosts

RULES = NatView(reading=NatReading(nft=Ruleset()))
RECORDED = [replace(host.observation(), nat=RULES) for host in hosts()]
both_formats = pytest.mark.parametrize("openmetrics", [False, True], ids=["text", "openmetrics"])


def changed() -> Iterator[Observation]:
    """One host after another; each field of the first one as on the second; numbers that move."""
    yield from RECORDED
    first, second, *_ = RECORDED
    for field in fields(Observation):
        if field.name in ("created", "namespaces"):  # what began with a topology is shown with another one only
            continue
        yield first
        yield replace(first, **{field.name: getattr(second, field.name)})
    for one in parts(first):
        yield first
        yield one


def parts(observation: Observation) -> Iterator[Observation]:
    """The observation with one input of a small group changed and nothing else."""
    inventory, nat, network = observation.topology.inventory, observation.nat, observation.network
    assert nat
    assert nat.reading
    yield replace(observation, engine=replace(observation.engine, events={("container", "die"): 1}))
    yield replace(observation, changes={"container_died": 1})
    yield replace(observation, sources=tuple(replace(source, up=not source.up) for source in observation.sources))
    yield replace(observation, sources=observation.sources[1:])
    yield replace(observation, degraded=(Degraded("nat", "no_net_admin"),))
    yield replace(observation, overflows=observation.overflows + 1)
    for changed_inventory in (replace(inventory, connected=not inventory.connected), replace(inventory, engine=None)):
        yield replace(observation, topology=replace(observation.topology, inventory=changed_inventory))
    yield replace(observation, topology=replace(observation.topology, inventory=replace(inventory, synced_at=9.0)))
    yield replace(observation, network=replace(network, addresses=()))
    yield replace(observation, network=replace(network, pools=PoolUse(1, 2)))
    yield replace(observation, network=replace(network, evaluation=Evaluation(evaluated=("one",))))
    others: tuple[tuple[str, Any], ...] = (
        ("counts", RuleCounts(user={"ip": 7})),
        ("masquerades", CounterTotals({("front",): 7})),
        ("drops", CounterTotals({("front", "icc"): 7})),
        ("backend", "other"),
        ("userland_proxy", "other"),
        ("reading", replace(nat.reading, changes=nat.reading.changes + 1)),
        ("reading", None),
    )
    for field, value in others:
        yield replace(observation, nat=replace(nat, **{field: value}))


@both_formats
def test_an_exposition_after_another_is_the_same_as_without_it(*, openmetrics: bool) -> None:
    kept = Exposition(COLLECTORS, own_metrics=False)
    for observation in changed():
        expected = exposed(observation, openmetrics=openmetrics)
        assert kept.render(observation, openmetrics=openmetrics).decode() == expected
