"""Explain the way from a container to a target, on an observation and on namespaces that are visited for it."""

from pathlib import Path

from exporter.core.explain.query import find_container
from exporter.core.observation import Observation
from exporter.core.reach.answer import ReachAnswer
from exporter.core.reach.question import Question
from exporter.core.reach.reach import reach
from exporter.core.reach.surroundings import Surroundings, surroundings
from exporter.kernel.reach.visit import visiting


def explain_reach(observation: Observation, question: Question, procfs: Path) -> ReachAnswer:
    """Visit what the question needs, and answer."""
    with visiting(procfs) as visits:
        return reach(observation, question, lambda one: visits.container(one) if one is not None else visits.host())


def describe_surroundings(observation: Observation, what: str, procfs: Path) -> Surroundings | None:
    """Describe the networks of a live container; None for anything else."""
    container = find_container(observation.topology.inventory, what)
    if container is None or not container.live:
        return None
    with visiting(procfs) as visits:
        return surroundings(
            observation, container, lambda one: visits.container(one) if one is not None else visits.host()
        )
