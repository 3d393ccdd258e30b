"""Listening sockets as they are now: between scrapes those of a container are up to two minutes old."""

from msgspec.structs import replace

from exporter.core.explain.path import LISTENER, Explanation
from exporter.core.explain.query import find_container
from exporter.core.observation import Observation
from exporter.core.reach.context import ReachContext
from exporter.core.reach.view import LISTENERS, Visit


def with_fresh_listeners(observation: Observation, explanation: Explanation, visit: Visit) -> Observation:
    """Return it with the sockets of the containers at the paths' ends as they are now; itself if they are the same."""
    inside = observation.inside
    if inside is None:
        return observation
    context, fresh = ReachContext(observation, visit), {}
    for path in explanation.paths:
        container = find_container(context.inventory, path.container) if path.container else None
        if container is None or all(step.name != LISTENER for step in path.steps):
            continue
        home = context.home(container)
        view = context.visited(home).view
        if home.id in inside and view.missing(LISTENERS) is None and view.listeners != inside[home.id]:
            fresh[home.id] = view.listeners
    return replace(observation, inside={**inside, **fresh}) if fresh else observation
