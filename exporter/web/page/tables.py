"""Tables of containers, networks, ports and NAT."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain
from urllib.parse import quote

from exporter.core.model.sockets import Owner
from exporter.core.observation import Observation
from exporter.core.ports.scope import scope
from exporter.core.views.host_view import ContainerView, EndpointView, HostView
from exporter.core.views.port_ranges import Range, numbers, published_ranges, range_text, ranges
from exporter.web.page.layout import endpoint_key
from exporter.web.page.markup import Html, bytes_text, el, joined, name, text


def table(caption: str, columns: Sequence[str], rows: Iterable[Html]) -> Html:
    """Write a table that scrolls sideways on a small screen; rows are HTML."""
    head = el("tr", *(el("th", text(column), scope="col") for column in columns))
    body = joined(rows) or el("tr", el("td", text("none"), colspan=len(columns)))
    return el(
        "div",
        el("table", el("caption", text(caption)), el("thead", head), el("tbody", body)),
        class_="scroll",
        tabindex="0",
        role="region",
        aria_label=caption,
    )


def row(cells: Iterable[Html], *, words: Iterable[str] = (), severity: str = "") -> Html:
    """Write a row; the filter searches `words`."""
    return el(
        "tr", *(el("td", cell) for cell in cells), data_words=" ".join(words).lower() or None, class_=severity or None
    )


def link(kind: str, of: str, shown: str = "") -> Html:
    """Write a name that links to its details."""
    return el("a", name(shown or of), href=f"?show={kind}/{quote(of, safe='', errors='replace')}#details") if of else ""


def containers(view: HostView, observation: Observation) -> Html:
    """One row for each endpoint, and for each container without one."""
    found = observation.topology.inventory.containers.values()
    published = {c.id: " ".join(published_ranges(c.details.published)) for c in found if c.details}
    by_name: dict[str, list[EndpointView]] = {}
    for endpoint in view.endpoints:
        by_name.setdefault(endpoint.container, []).append(endpoint)
    rows = chain.from_iterable(
        _of_container(c, by_name.get(c.name, []), published.get(c.id, "")) for c in view.containers
    )
    columns = ("Container", "Network", "Address", "Interface", "veth", "Received", "Sent", "Published")
    return table("Containers", columns, rows)


def _of_container(container: ContainerView, endpoints: list[EndpointView], published: str) -> Iterable[Html]:
    words = (container.name, container.image, container.project, container.owner, *container.ports)
    for endpoint in endpoints:
        addresses = " ".join(filter(None, (endpoint.ip_address, endpoint.ip6_address)))
        key = endpoint_key(endpoint)
        cells = (
            link("container", container.name),
            link("network", endpoint.network),
            text(addresses),
            text(endpoint.interface),
            text(endpoint.veth),
            el("span", text(bytes_text(endpoint.receive_bytes)), data_received=key),
            el("span", text(bytes_text(endpoint.transmit_bytes)), data_sent=key),
            text(published),
        )
        found = (*words, endpoint.network, addresses, endpoint.veth, endpoint.mac_address)
        yield row(cells, words=found, severity=container.severity)
    if not endpoints:
        where = f"{container.owner}'s" if container.owner else container.mode
        none = (link("container", container.name), name(where), *[""] * 5, text(published))
        yield row(none, words=(*words, where), severity=container.severity)


def networks(view: HostView) -> Html:
    """One row for each network."""
    rows = (
        row(
            (
                link("network", network.name),
                text(network.driver),
                text(", ".join(network.subnets)),
                text(network.bridge),
                text(network.endpoints),
                text("yes" if network.external else "no"),
            ),
            words=(network.name, network.driver, network.bridge, *network.subnets),
            severity=network.severity,
        )
        for network in view.networks
    )
    return table("Networks", ("Network", "Driver", "Subnets", "Bridge", "Containers", "Leaves the host"), rows)


def ports(observation: Observation) -> Html:
    """Listening sockets of the host."""
    sockets = observation.sockets
    if sockets is None:
        return el("p", text("Listening sockets could not be read."), class_="unknown")
    groups: dict[tuple[str, str, Owner], list[int]] = defaultdict(list)
    for one in sockets.listeners:
        groups[one.socket.protocol, one.socket.address, one.owner].append(one.socket.port)
    lines = [(found, *group) for group, ports in groups.items() for found in ranges(ports)]
    rows = (
        row(
            (
                text(f"{protocol}/{range_text(found)}"),
                text(address),
                name(owner.name or "(not visible)"),
                text(owner.kind),
                text(scope(address)),
            ),
            words=(*_words(protocol, found), address, owner.name, owner.kind),
        )
        for found, protocol, address, owner in sorted(lines, key=lambda line: (line[0], line[1], line[2]))
    )
    return table("Listening ports of the host", ("Port", "Address", "Owner", "Kind", "Reachable from"), rows)


def _words(protocol: str, found: Range) -> Iterable[str]:
    """The words that the filter finds a range of ports by."""
    return (f"{protocol}/{port}" for port in numbers(found))


def _sum(counts: list[int | None]) -> str:
    known = [count for count in counts if count is not None]
    return str(sum(known)) if known else "-"


def nat(observation: Observation) -> Html:
    """Published ports of the NAT rules, with their connections."""
    view = observation.nat
    if view is None or view.reading is None:
        return el("p", text("NAT rules could not be read."), class_="unknown")
    counts, active = view.connections.counts, view.flows.ports if view.flows else {}
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for container, protocol, port in counts:
        groups[container, protocol].append(int(port))
    rows = (
        row(
            (
                text(f"{protocol}/{range_text(found)}"),
                link("container", container),
                text(sum(counts[container, protocol, str(port)] for port in numbers(found))),
                text(_sum([active.get((container, protocol, str(port))) for port in numbers(found)])),
            ),
            words=(*_words(protocol, found), container),
        )
        for (container, protocol), ports in sorted(groups.items())
        for found in ranges(ports)
    )
    shown = table("Published ports", ("Port", "Container", "Connections", "Now"), rows)
    backend = view.backend or "no backend (no Docker rules)"
    total = sum(view.counts.rules.values())
    return shown + el("p", text(f"{total} rules, written by {backend}."), class_="more")
