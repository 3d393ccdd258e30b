"""Positions in the picture: containers, their networks, the host and its uplinks, from left to right.

Positions depend on names only: they do not move when numbers change. On a large host the containers of each network are
one box until the user opens it.
"""

from collections.abc import Iterator, Mapping
from itertools import groupby

from msgspec.structs import replace

from exporter.core.views.host_view import ContainerView, EndpointView, HostView, NetworkView
from exporter.web.page.boxes import HOST, STACK, container_box, group_box, host_box, network_box, stack_box, uplink_box
from exporter.web.page.faults import with_faults
from exporter.web.page.picture import GAP, ROW, TOP, Box, Edge, Picture

# More containers than this are drawn as one box for each network.
MANY = 40
HOST_MODE = "host"


def layout(view: HostView, opened: frozenset[str] = frozenset()) -> Picture:
    """Place all boxes and edges; `opened` are the networks whose containers are drawn one by one."""
    endpoints: dict[str, list[EndpointView]] = {}
    for endpoint in view.endpoints:
        endpoints.setdefault(endpoint.container, []).append(endpoint)
    left = list(_left(view, endpoints, opened))
    boxes = {box.key: box for box in left}
    starts = list(_starts(view, endpoints, boxes))
    middle = list(_middle(view, starts))
    boxes |= {box.key: box for box in (*middle, *_right(view))}
    lines = (replace(line, end=boxes[target]) for line, target in starts)
    lowest = max(box.y + box.height for box in boxes.values())
    picture = Picture(tuple(boxes.values()), (*lines, *_way_out(view, boxes)), lowest + GAP)
    return with_faults(picture, view.findings, _homes(view), HOST)


def collapsible(view: HostView) -> frozenset[str]:
    """Return the networks whose containers one box may stand for; '' is those without a network."""
    if len(view.containers) <= MANY:
        return frozenset()
    return frozenset(network.name for network in view.networks) | {""}


def endpoint_key(endpoint: EndpointView) -> str:
    """The key of an endpoint's counters in the page and in its events."""
    return f"{endpoint.network}/{endpoint.container}"


def _ordered(view: HostView) -> list[NetworkView]:
    """Networks with endpoints first, then the empty ones."""
    return sorted(view.networks, key=lambda network: (not network.endpoints, network.name))


def _homes(view: HostView) -> dict[str, str]:
    """Return container -> its first network, '' for host mode and for containers without a network."""
    homes: dict[str, str] = {}
    for endpoint in view.endpoints:
        homes.setdefault(endpoint.container, endpoint.network)
    return {c.name: homes.get(c.name) or homes.get(c.owner, "") for c in view.containers}


def _sorted(view: HostView, homes: Mapping[str, str]) -> list[ContainerView]:
    """Sort by the first network, so that few edges cross; sharers follow their owner."""
    order = {network.name: place for place, network in enumerate(_ordered(view))}
    return sorted(
        view.containers,
        key=lambda c: (order.get(homes[c.name], len(order)), c.owner or c.name, bool(c.owner), c.name),
    )


def _left(view: HostView, endpoints: Mapping[str, list[EndpointView]], opened: frozenset[str]) -> Iterator[Box]:
    homes = _homes(view)
    many = len(view.containers) > MANY
    row = 0
    for home, together in groupby(_sorted(view, homes), key=lambda c: homes[c.name]):
        inhabitants = list(together)
        collapses = many and len(inhabitants) > 1
        if collapses:
            yield group_box(home, inhabitants, row, open_=home in opened)
            row += 1
        for container in inhabitants if not collapses or home in opened else ():
            rows = max(1, len(endpoints.get(container.name, ())))
            yield container_box(container, row, rows)
            row += rows


def _starts(
    view: HostView, endpoints: Mapping[str, list[EndpointView]], boxes: Mapping[str, Box]
) -> Iterator[tuple[Edge, str]]:
    """Return edges from containers, each with the key of its end; a group has one to each network."""
    homes, networks = _homes(view), {network.name for network in view.networks}
    drawn = set()
    for container in view.containers:
        own = boxes.get(f"container/{container.name}")
        start = own or boxes[f"group/{homes[container.name]}"]
        targets = [(f"network/{e.network}", e) for e in endpoints.get(container.name, ()) if e.network in networks]
        if container.mode == HOST_MODE:
            yield from [(Edge(start, start), STACK)] if (start.key, STACK) not in drawn else ()
            drawn.add((start.key, STACK))
        for row, (target, endpoint) in enumerate(targets):
            if own is not None:
                label = " · ".join(filter(None, (endpoint.interface, endpoint.veth)))
                yield Edge(own, own, endpoint_key(endpoint), label=label, row=row), target
            elif (start.key, target) not in drawn:
                yield Edge(start, start), target
            drawn.add((start.key, target))


def _middle(view: HostView, starts: list[tuple[Edge, str]]) -> Iterator[Box]:
    """Networks at the height of their containers, each in a free row; below them the host's network stack."""
    heights: dict[str, list[int]] = {}
    for line, target in starts:
        heights.setdefault(target, []).append(line.start_y - TOP)
    row = 0
    for network in _ordered(view):
        connected = heights.get(f"network/{network.name}", [])
        row = max(row, sum(connected) // len(connected) // ROW if connected else 0)
        yield network_box(network, row)
        row += 1
    if STACK in heights:
        row = max(row, sum(heights[STACK]) // len(heights[STACK]) // ROW)
        yield stack_box(row)


def _right(view: HostView) -> Iterator[Box]:
    yield host_box(view)
    for row, uplink in enumerate(view.uplinks, 1):
        yield uplink_box(uplink, row)


def _way_out(view: HostView, boxes: Mapping[str, Box]) -> Iterator[Edge]:
    for network in view.networks:
        if network.external and network.endpoints:
            yield Edge(boxes[f"network/{network.name}"], boxes[HOST])
    if STACK in boxes:
        yield Edge(boxes[STACK], boxes[HOST])
    for uplink in view.uplinks:
        yield Edge(boxes[HOST], boxes[f"uplink/{uplink.device}"])
