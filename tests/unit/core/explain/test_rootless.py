"""A port of a rootless engine: a process on the host holds it, and the rules are in another network namespace."""

import pytest
from msgspec.structs import replace

from exporter.core.explain.explain import explain
from exporter.core.explain.path import UNDETERMINED
from exporter.core.model.docker import Engine
from exporter.core.observation import Observation
from exporter.core.topology.topology import join
from tests.support.builders import ENGINE
from tests.support.explained_hosts import failed_codes, observation_of
from tests.support.nat_hosts import OLD

HERE = replace(ENGINE, rootless=True)
FROM_OUTSIDE = replace(HERE, uid=1000, elsewhere=True)
ON_ADDRESS = "8082"  # published on an address of the host


def seen(engine: Engine) -> Observation:
    """The host, whose devices have other addresses than it publishes on."""
    observation = observation_of(OLD)
    devices = replace(observation.topology.devices, addresses={"tap0": ("10.0.2.100",)})
    inventory = replace(observation.topology.inventory, engine=engine)
    return replace(observation, topology=join(inventory, devices))


@pytest.mark.parametrize("engine", [HERE, FROM_OUTSIDE])
def test_it_is_undetermined_from_either_side(engine: Engine) -> None:
    observation = seen(engine)
    assert explain(observation, "8080").verdict == UNDETERMINED
    assert ("host", "rootless_engine") in failed_codes(observation)


def test_an_address_of_the_host_is_not_missed_in_the_engines_namespace() -> None:
    assert ("host", "address_lost") in failed_codes(seen(ENGINE), ON_ADDRESS)
    assert failed_codes(seen(HERE), ON_ADDRESS) == [("host", "rootless_engine")]


def test_nobody_is_said_to_hold_an_address_of_the_host_in_the_engines_namespace() -> None:
    observation = seen(HERE)
    [path] = explain(observation, ON_ADDRESS).paths
    assert [(step.name, step.state) for step in path.steps].count(("host", "unknown")) == 1
    assert ("host", "ok") not in {(step.name, step.state) for step in path.steps}
