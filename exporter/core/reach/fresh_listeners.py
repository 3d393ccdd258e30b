"""Listening sockets as they are now: between scrapes those of a container are up to ten seconds old."""

from dataclasses import replace

from exporter.core.explain.path import LISTENER, OK, Explanation
from exporter.core.explain.query import find_container
from exporter.core.observation import Observation
from exporter.core.reach.context import ReachContext
from exporter.core.reach.view import LISTENERS, Visit


def with_fresh_listeners(observation: Observation, explanation: Explanation, visit: Visit) -> Observation:
    """Return it with the sockets of the containers that did not serve a port when they were read last."""
    inside = observation.inside
    if inside is None:
        return observation
    context, fresh = ReachContext(observation, visit), {}
    for path in explanation.paths:
        container = find_container(context.inventory, path.container) if path.container else None
        if container is None or all(step.name != LISTENER or step.state == OK for step in path.steps):
            continue
        home = context.home(container)
        view = context.visited(home).view
        if home.id in inside and view.missing(LISTENERS) is None:
            fresh[home.id] = view.listeners
    return replace(observation, inside={**inside, **fresh}) if fresh else observation
