"""Explain the way from a container to a target, on an observation and on namespaces that are visited for it."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from exporter.app.device_filters import with_filters
from exporter.core.explain.explain import explain
from exporter.core.explain.path import Explanation
from exporter.core.explain.query import find_container
from exporter.core.model.docker import Container
from exporter.core.observation import Observation
from exporter.core.reach.answer import ReachAnswer
from exporter.core.reach.fresh_listeners import with_fresh_listeners
from exporter.core.reach.question import Question
from exporter.core.reach.reach import reach
from exporter.core.reach.servers_end import with_servers_end
from exporter.core.reach.surroundings import Surroundings, surroundings
from exporter.core.reach.view import Visited
from exporter.kernel.reach.visit import visiting

SETTLE_SECONDS = 0.2  # in which an engine is through with a container that starts


class Mounts(NamedTuple):
    """Where the host's procfs and sysfs are mounted."""

    procfs: Path
    sysfs: Path


def explain_reach(
    observation: Observation, question: Question, mounts: Mounts, again: Callable[[], Observation]
) -> ReachAnswer:
    """Visit what the question needs, and answer; `again` observes anew where the fault may be a container's start."""
    return settled(lambda one: _explain(one, question, mounts), observation, again)


def settled(
    explain: Callable[[Observation], ReachAnswer],
    observation: Observation,
    again: Callable[[], Observation],
    wait: Callable[[float], None] = time.sleep,
) -> ReachAnswer:
    """Return the answer; of a fault that may pass what is left of it a moment later, if that can be observed."""
    found = explain(observation)
    if not found.may_pass:
        return found
    wait(SETTLE_SECONDS)
    try:
        return explain(again())
    except TimeoutError:
        return found


def _explain(observation: Observation, question: Question, mounts: Mounts) -> ReachAnswer:
    with visiting(*mounts) as visits:
        return reach(observation, question, lambda one: visits.container(one) if one is not None else visits.host())


def describe_surroundings(observation: Observation, what: str, mounts: Mounts) -> Surroundings | None:
    """Describe the networks of a live container; None for anything else."""
    container = find_container(observation.topology.inventory, what)
    if container is None or not container.live:
        return None
    with visiting(*mounts) as visits:
        return surroundings(
            observation, container, lambda one: visits.container(one) if one is not None else visits.host()
        )


def explain_inside(observation: Observation, what: str, mounts: Mounts) -> Explanation:
    """Explain a port or a container, its own end of the paths included."""
    seen = with_filters(observation)
    with visiting(*mounts) as visits:

        def visit(one: Container | None) -> Visited:
            return visits.container(one) if one is not None else visits.host()

        found = explain(seen, what)
        fresh = with_fresh_listeners(seen, found, visit)
        return with_servers_end(found if fresh is seen else explain(fresh, what), fresh, visit)
