"""Where things stand in the picture: containers, the networks that they are on, and the way out, from left to right.

Positions follow from names alone, so that nothing jumps when numbers change. Of a large host each network's containers
are one box until somebody opens it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import groupby

from exporter.core.views.host_view import ContainerPortrait, EndpointPortrait, NetworkPortrait, Portrait
from exporter.web.page.boxes import HOST, STACK, container_box, group_box, host_box, network_box, stack_box, uplink_box
from exporter.web.page.picture import GAP, ROW, TOP, Box, Line, Picture

# More containers than this are drawn as one box for each network.
MANY = 40
HOST_MODE = "host"


def layout(portrait: Portrait, opened: frozenset[str] = frozenset()) -> Picture:
    """Place everything; `opened` are the networks whose containers are drawn one by one."""
    endpoints: dict[str, list[EndpointPortrait]] = {}
    for endpoint in portrait.endpoints:
        endpoints.setdefault(endpoint.container, []).append(endpoint)
    left = list(_left(portrait, endpoints, opened))
    boxes = {box.key: box for box in left}
    starts = list(_starts(portrait, endpoints, boxes))
    middle = list(_middle(portrait, starts))
    boxes |= {box.key: box for box in (*middle, *_right(portrait))}
    lines = (replace(line, end=boxes[target]) for line, target in starts)
    lowest = max(box.y + box.height for box in boxes.values())
    return Picture(tuple(boxes.values()), (*lines, *_way_out(portrait, boxes)), lowest + GAP)


def collapsible(portrait: Portrait) -> frozenset[str]:
    """Return the networks whose containers one box may stand for; '' is those without a network."""
    if len(portrait.containers) <= MANY:
        return frozenset()
    return frozenset(network.name for network in portrait.networks) | {""}


def endpoint_key(endpoint: EndpointPortrait) -> str:
    """The name under which an endpoint's counters are sent to the page."""
    return f"{endpoint.network}/{endpoint.container}"


def _ordered(portrait: Portrait) -> list[NetworkPortrait]:
    """Networks with endpoints first; the empty ones say little."""
    return sorted(portrait.networks, key=lambda network: (not network.endpoints, network.name))


def _homes(portrait: Portrait) -> dict[str, str]:
    """Return container -> the network that it stands beside, '' for those of host mode and without a network."""
    homes: dict[str, str] = {}
    for endpoint in portrait.endpoints:
        homes.setdefault(endpoint.container, endpoint.network)
    return {c.name: homes.get(c.name) or homes.get(c.owner, "") for c in portrait.containers}


def _sorted(portrait: Portrait, homes: Mapping[str, str]) -> list[ContainerPortrait]:
    """Sort by the first network, so that few lines cross; sharers stand under their owner."""
    order = {network.name: place for place, network in enumerate(_ordered(portrait))}
    return sorted(
        portrait.containers,
        key=lambda c: (order.get(homes[c.name], len(order)), c.owner or c.name, bool(c.owner), c.name),
    )


def _left(portrait: Portrait, endpoints: Mapping[str, list[EndpointPortrait]], opened: frozenset[str]) -> Iterator[Box]:
    homes = _homes(portrait)
    many = len(portrait.containers) > MANY
    row = 0
    for home, together in groupby(_sorted(portrait, homes), key=lambda c: homes[c.name]):
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
    portrait: Portrait, endpoints: Mapping[str, list[EndpointPortrait]], boxes: Mapping[str, Box]
) -> Iterator[tuple[Line, str]]:
    """Return lines that leave containers, each with the key of the box where it ends; a group has one to each."""
    homes, networks = _homes(portrait), {network.name for network in portrait.networks}
    drawn = set()
    for container in portrait.containers:
        own = boxes.get(f"container/{container.name}")
        start = own or boxes[f"group/{homes[container.name]}"]
        targets = [(f"network/{e.network}", e) for e in endpoints.get(container.name, ()) if e.network in networks]
        if container.mode == HOST_MODE:
            yield from [(Line(start, start, severity=start.severity), STACK)] if (start.key, STACK) not in drawn else ()
            drawn.add((start.key, STACK))
        for row, (target, endpoint) in enumerate(targets):
            if own is not None:
                label = " · ".join(filter(None, (endpoint.interface, endpoint.veth)))
                yield Line(own, own, endpoint_key(endpoint), own.severity, label, row), target
            elif (start.key, target) not in drawn:
                yield Line(start, start, severity=start.severity), target
            drawn.add((start.key, target))


def _middle(portrait: Portrait, starts: list[tuple[Line, str]]) -> Iterator[Box]:
    """Networks beside their containers, each at the first free row; below them the host's own network stack."""
    heights: dict[str, list[int]] = {}
    for line, target in starts:
        heights.setdefault(target, []).append(line.start_y - TOP)
    row = 0
    for network in _ordered(portrait):
        beside = heights.get(f"network/{network.name}", [])
        row = max(row, sum(beside) // len(beside) // ROW if beside else 0)
        yield network_box(network, row)
        row += 1
    if STACK in heights:
        row = max(row, sum(heights[STACK]) // len(heights[STACK]) // ROW)
        yield stack_box(row)


def _right(portrait: Portrait) -> Iterator[Box]:
    yield host_box(portrait)
    for row, uplink in enumerate(portrait.uplinks, 1):
        yield uplink_box(uplink, row)


def _way_out(portrait: Portrait, boxes: Mapping[str, Box]) -> Iterator[Line]:
    for network in portrait.networks:
        if network.external and network.endpoints:
            yield Line(boxes[f"network/{network.name}"], boxes[HOST])
    if STACK in boxes:
        yield Line(boxes[STACK], boxes[HOST])
    for uplink in portrait.uplinks:
        yield Line(boxes[HOST], boxes[f"uplink/{uplink.device}"])
