"""Where things stand in the picture: containers at the left, networks in the middle, the way out at the right.

Positions follow from names alone, so that nothing jumps when numbers change. Of a large host each network's containers
are one box until somebody opens it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from exporter.core.portrait import RANK, ContainerPortrait, EndpointPortrait, NetworkPortrait, Portrait, UplinkPortrait

WIDTH = 1120
CONTAINER_X, CONTAINER_WIDTH = 10, 330
NETWORK_X, NETWORK_WIDTH = 460, 260
HOST_X, HOST_WIDTH = 850, 260
ROW, GAP, TOP = 50, 10, 34
# More containers than this are drawn as one box for each network.
MANY = 40


@dataclass(frozen=True, slots=True)
class Box:
    """A thing in the picture; `group` is the network whose containers it stands for, '' for a thing of its own."""

    key: str
    x: int
    y: int
    width: int
    title: str
    subtitle: str
    severity: str = ""
    group: str = ""
    note: str = ""

    @property
    def middle(self) -> int:
        """The height at which lines end."""
        return self.y + (ROW - GAP) // 2


@dataclass(frozen=True, slots=True)
class Line:
    """A line between two boxes; `endpoint` is whose rates it shows, '' for none."""

    start: Box
    end: Box
    endpoint: str = ""
    severity: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """Boxes and lines, and how high it is."""

    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    height: int


def layout(portrait: Portrait, opened: frozenset[str] = frozenset()) -> Picture:
    """Place everything; `opened` are the networks whose containers are drawn one by one."""
    left = list(_left(portrait, opened))
    middle = [_network(network, row) for row, network in enumerate(_ordered(portrait))]
    right = list(_right(portrait))
    boxes = (*left, *middle, *right)
    by_key = {box.key: box for box in boxes}
    lowest = max((box.y for box in boxes), default=TOP)
    return Picture(boxes, tuple(_lines(portrait, by_key, left)), lowest + ROW)


def endpoint_key(endpoint: EndpointPortrait) -> str:
    """The name under which an endpoint's counters are sent to the page."""
    return f"{endpoint.network}/{endpoint.container}"


def _y(row: int) -> int:
    return TOP + row * ROW


def _ordered(portrait: Portrait) -> list[NetworkPortrait]:
    """Networks with endpoints first; the empty ones say little."""
    return sorted(portrait.networks, key=lambda network: (not network.endpoints, network.name))


def _left(portrait: Portrait, opened: frozenset[str]) -> Iterator[Box]:
    """Containers by their first network, so that few lines cross; sharers stand under their owner."""
    homes = _homes(portrait)
    collapses = len(portrait.containers) > MANY
    row = 0
    for home in dict.fromkeys(homes[container.name] for container in _sorted(portrait, homes)):
        inhabitants = [c for c in _sorted(portrait, homes) if homes[c.name] == home]
        if collapses and home not in opened and len(inhabitants) > 1:
            yield _group(home, inhabitants, row)
            row += 1
            continue
        for container in inhabitants:
            yield _container(container, row, home if collapses else "")
            row += 1


def _homes(portrait: Portrait) -> dict[str, str]:
    """Return container -> the network that it stands beside, '' for those of host mode and without a network."""
    homes: dict[str, str] = {}
    for endpoint in portrait.endpoints:
        homes.setdefault(endpoint.container, endpoint.network)
    return {c.name: homes.get(c.name) or homes.get(c.owner, "") for c in portrait.containers}


def _sorted(portrait: Portrait, homes: dict[str, str]) -> list[ContainerPortrait]:
    order = {network.name: place for place, network in enumerate(_ordered(portrait))}
    return sorted(
        portrait.containers,
        key=lambda c: (order.get(homes[c.name], len(order)), c.owner or c.name, bool(c.owner), c.name),
    )


def _container(container: ContainerPortrait, row: int, group: str) -> Box:
    subtitle = f"shares {container.owner}'s network" if container.owner else container.image
    note = container.ports[0] if container.ports else ""
    if len(container.ports) > 1:
        note += f" +{len(container.ports) - 1}"
    return Box(
        key=f"container/{container.name}",
        x=CONTAINER_X,
        y=_y(row),
        width=CONTAINER_WIDTH,
        title=container.name,
        subtitle=subtitle,
        severity=container.severity,
        group=group,
        note=note if container.state == "running" else container.state,
    )


def _group(home: str, inhabitants: list[ContainerPortrait], row: int) -> Box:
    worst = max((c.severity for c in inhabitants), key=RANK.__getitem__)
    where = home or "no network of their own"
    return Box(
        key=f"group/{home}",
        x=CONTAINER_X,
        y=_y(row),
        width=CONTAINER_WIDTH,
        title=f"{len(inhabitants)} containers",
        subtitle=where,
        severity=worst,
        group=home,
    )


def _network(network: NetworkPortrait, row: int) -> Box:
    return Box(
        key=f"network/{network.name}",
        x=NETWORK_X,
        y=_y(row),
        width=NETWORK_WIDTH,
        title=network.name,
        subtitle=" ".join((network.driver, *network.subnets[:1])),
        severity=network.severity,
        note="" if network.external else "internal",
    )


def _right(portrait: Portrait) -> Iterator[Box]:
    yield Box("host/", HOST_X, _y(0), HOST_WIDTH, portrait.host or "the host", "its own network stack")
    for row, uplink in enumerate(portrait.uplinks, 1):
        yield _uplink(uplink, row)


def _uplink(uplink: UplinkPortrait, row: int) -> Box:
    addresses = ", ".join(uplink.addresses[:2])
    return Box(f"uplink/{uplink.device}", HOST_X, _y(row), HOST_WIDTH, uplink.device, addresses)


def _lines(portrait: Portrait, boxes: dict[str, Box], left: list[Box]) -> Iterator[Line]:
    grouped = {box.group for box in left if box.key.startswith("group/")}
    homes = _homes(portrait)
    drawn = set()
    for endpoint in portrait.endpoints:
        start = boxes.get(f"container/{endpoint.container}") or boxes.get(f"group/{homes.get(endpoint.container, '')}")
        end = boxes.get(f"network/{endpoint.network}")
        if start is not None and end is not None and (start.key, end.key) not in drawn:
            drawn.add((start.key, end.key))
            own = start.key.startswith("container/")
            yield Line(start, end, endpoint_key(endpoint) if own else "", start.severity)
    yield from _of_host_mode(portrait, boxes, grouped)
    for network in portrait.networks:
        if network.external and network.endpoints:
            yield Line(boxes[f"network/{network.name}"], boxes["host/"])
    for uplink in portrait.uplinks:
        yield Line(boxes["host/"], boxes[f"uplink/{uplink.device}"])


def _of_host_mode(portrait: Portrait, boxes: dict[str, Box], grouped: set[str]) -> Iterator[Line]:
    for container in portrait.containers:
        box = boxes.get(f"container/{container.name}")
        if container.mode == "host" and box is not None:
            yield Line(box, boxes["host/"], severity=container.severity)
    if "" in grouped and any(container.mode == "host" for container in portrait.containers):
        yield Line(boxes["group/"], boxes["host/"])
