"""Routes of the host's main table."""

from collections.abc import Iterable, Iterator, Mapping

from exporter.core.history.change import ROUTE_CHANGED, Change, joined
from exporter.core.model.docker import Link
from exporter.core.model.routes import Route, Span
from exporter.core.topology.topology import Topology

MAX_DESTINATIONS = 100  # a routing daemon replaces thousands at once
NEW_SECONDS = 5.0  # so long after a device its addresses come, and routes with them


class RouteChanges:
    """Compares routes from one topology to the next. Not thread-safe."""

    def __init__(self) -> None:
        self._routes: tuple[Route, ...] | None = None
        self._links: Mapping[int, Link] = {}
        self._new: dict[int, float] = {}  # ifindex -> when it came

    def update(self, topology: Topology, now: float) -> Iterator[Change]:
        """Yield the destinations whose routes changed, at most MAX_DESTINATIONS and then their number.

        Not those of devices that came or went with them: a network's bridge, an uplink.
        """
        links, routes = topology.devices.links, topology.devices.routes
        if routes is None:
            return
        old, old_links = self._routes, self._links
        self._routes, self._links = routes, links
        if old is None:
            return
        if links is not old_links:
            self._new = {ifindex: at for ifindex, at in self._new.items() if abs(now - at) < NEW_SECONDS}
            self._new.update(dict.fromkeys(links.keys() - old_links.keys(), now))
        if old is routes:
            return
        implied = (links.keys() ^ old_links.keys()) | {i for i, at in self._new.items() if abs(now - at) < NEW_SECONDS}
        yield from _compare(frozenset(old), frozenset(routes), implied, {**old_links, **links})


def _compare(
    old: frozenset[Route], new: frozenset[Route], implied: set[int], links: Mapping[int, Link]
) -> Iterator[Change]:
    changed = [route for route in old ^ new if route.ifindex not in implied and not _kernels(route.destination)]
    destinations = sorted({route.destination for route in changed}, key=lambda span: (span.version, span))
    for destination in destinations[:MAX_DESTINATIONS]:
        before, after = (_written(destination, routes, links) for routes in (old, new))
        yield Change(ROUTE_CHANGED, str(destination), before, after)
    if len(destinations) > MAX_DESTINATIONS:
        yield Change(ROUTE_CHANGED, f"{len(destinations) - MAX_DESTINATIONS} more destinations")


def _kernels(destination: Span) -> bool:
    """Whether the kernel makes the route for each device itself."""
    return destination.is_link_local or destination.is_multicast


def _written(destination: Span, routes: Iterable[Route], links: Mapping[int, Link]) -> str:
    return joined(sorted(_way(route, links) for route in routes if route.destination == destination))


def _way(route: Route, links: Mapping[int, Link]) -> str:
    link = links.get(route.ifindex)
    words = [f"via {route.gateway}"] if route.gateway else []
    words += [f"dev {link.name}"] if link else []
    words += [f"metric {route.metric}"] if route.metric else []
    return " ".join(words) or "on-link"
