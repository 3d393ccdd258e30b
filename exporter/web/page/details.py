"""The panel with the details of one container, network or uplink."""

from collections.abc import Iterable, Iterator
from itertools import chain
from urllib.parse import quote

from exporter.core.model.container_details import Details
from exporter.core.observation import Observation
from exporter.core.views.finding_rows import FindingRow
from exporter.core.views.host_view import (
    ContainerView,
    EndpointView,
    HostView,
    NetworkView,
    UplinkView,
)
from exporter.core.views.port_ranges import published_ranges
from exporter.web.page.container_facts import listener_facts, peer_facts
from exporter.web.page.layout import endpoint_key
from exporter.web.page.markup import Html, bytes_text, el, joined, name, text

Fact = tuple[str, str]
MAX_CHARTS = 16


def details(view: HostView, observation: Observation, shown: str, close: str = "?") -> Html:
    """Write the panel of `kind/name`, or nothing for ''; `close` is the link that closes it."""
    if not shown:
        return ""
    kind, _, of = shown.partition("/")
    facts = list(_facts(view, observation, kind, of))
    body = _list(facts) if facts else el("p", text("It no longer exists."))
    return el(
        "aside",
        el("h2", text(f"{kind} "), name(of)),
        el("a", text("Close"), href=close, class_="close"),
        joined(finding(line) for line in view.findings if of and of in line.labels.values()),
        body,
        _explanation(of) if kind == "container" and facts else "",
        id="details",
        data_show=shown,
        tabindex="-1",
        aria_label="Details",
    )


def finding(line: FindingRow) -> Html:
    """Write a finding."""
    return el("p", el("strong", text(line.severity)), text(" "), name(line.detail), class_=f"finding {line.severity}")


def charts(view: HostView, shown: str) -> Html:
    """Write an empty chart for each endpoint of `kind/name`; charts.js draws the bytes that it has seen."""
    kind, _, of = shown.partition("/")
    found = [e for e in view.endpoints if of and of == {"container": e.container, "network": e.network}.get(kind)]
    return joined(_chart(endpoint_key(endpoint)) for endpoint in found[:MAX_CHARTS])


def _chart(key: str) -> Html:
    shown = el("svg", viewBox="0 0 300 60", role="img", aria_label=f"Bytes of {key}", data_chart=key)
    return el("figure", el("figcaption", name(key), el("span", data_scale=key)), shown)


def _explanation(container: str) -> Html:
    """Write the place for the paths to a container; reach.js draws them."""
    path = f"/api/v1/explain?what={quote(container, safe='', errors='replace')}"
    link = el("a", text("The paths to it as JSON"), href=path)
    return el("div", el("h3", text("Is it reachable?")), el("p", link), id="explain", data_explain=path)


def _list(facts: Iterable[Fact]) -> Html:
    return el("dl", *(el("dt", text(what)) + el("dd", name(value)) for what, value in facts if value))


def _facts(view: HostView, observation: Observation, kind: str, of: str) -> Iterator[Fact]:
    if kind == "container":
        for container in (c for c in view.containers if c.name == of):
            yield from chain(_of_container(view, container), _more_of_container(observation, container.id))
    elif kind == "network":
        for network in (n for n in view.networks if n.name == of):
            yield from _of_network(view, network)
    elif kind == "uplink":
        for uplink in (u for u in view.uplinks if u.device == of):
            yield from _of_uplink(uplink)


def _of_container(view: HostView, container: ContainerView) -> Iterator[Fact]:
    yield from (("State", container.state), ("Image", container.image), ("Id", container.id[:12]))
    yield from (("Compose project", container.project), ("Network mode", container.mode))
    yield "Shares the network of", container.owner
    for endpoint in view.endpoints:
        if endpoint.container == container.name:
            yield from _of_endpoint(endpoint)


def _more_of_container(observation: Observation, container_id: str) -> Iterator[Fact]:
    container = observation.topology.inventory.containers[container_id]
    yield from (("Published", ports) for ports in published_ranges((container.details or Details()).published))
    yield from listener_facts(observation, container)
    yield from peer_facts(observation, container.name)


def _of_endpoint(endpoint: EndpointView) -> Iterator[Fact]:
    yield "On network", endpoint.network
    yield "Address", " ".join(filter(None, (endpoint.ip_address, endpoint.ip6_address)))
    yield "MAC address", endpoint.mac_address
    yield "Interface inside", endpoint.interface
    yield "veth on the host", endpoint.veth
    yield "Received", bytes_text(endpoint.receive_bytes)
    yield "Sent", bytes_text(endpoint.transmit_bytes)


def _of_network(view: HostView, network: NetworkView) -> Iterator[Fact]:
    yield from (("Driver", network.driver), ("Id", network.id[:12]), ("Bridge", network.bridge))
    yield from (("Subnet", subnet) for subnet in network.subnets)
    yield "MTU", str(network.mtu or "")
    yield "Leaves the host", "yes" if network.external else "no, internal"
    for endpoint in view.endpoints:
        if endpoint.network == network.name:
            yield "Container", f"{endpoint.container} {endpoint.ip_address}"


def _of_uplink(uplink: UplinkView) -> Iterator[Fact]:
    yield from (("Address", address) for address in uplink.addresses)
    yield from (("Received", bytes_text(uplink.receive_bytes)), ("Sent", bytes_text(uplink.transmit_bytes)))
