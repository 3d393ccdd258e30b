"""The panel with the details of one container, network or uplink."""

from collections.abc import Iterable, Iterator

from exporter.core.views.finding_rows import FindingRow
from exporter.core.views.host_view import (
    ContainerView,
    EndpointView,
    HostView,
    NetworkView,
    UplinkView,
)
from exporter.web.page.markup import Html, bytes_text, el, joined, name, text

Fact = tuple[str, str]


def details(view: HostView, shown: str, close: str = "?") -> Html:
    """Write the panel of `kind/name`, or nothing for ''; `close` is the link that closes it."""
    if not shown:
        return ""
    kind, _, of = shown.partition("/")
    facts = list(_facts(view, kind, of))
    body = _list(facts) if facts else el("p", text("It no longer exists."))
    return el(
        "aside",
        el("h2", text(f"{kind} "), name(of)),
        el("a", text("Close"), href=close, class_="close"),
        joined(finding(line) for line in view.findings if of and of in line.labels.values()),
        body,
        id="details",
        data_show=shown,
        tabindex="-1",
        aria_label="Details",
    )


def finding(line: FindingRow) -> Html:
    """Write a finding."""
    return el("p", el("strong", text(line.severity)), text(" "), name(line.detail), class_=f"finding {line.severity}")


def _list(facts: Iterable[Fact]) -> Html:
    return el("dl", *(el("dt", text(what)) + el("dd", name(value)) for what, value in facts if value))


def _facts(view: HostView, kind: str, of: str) -> Iterator[Fact]:
    if kind == "container":
        for container in (c for c in view.containers if c.name == of):
            yield from _of_container(view, container)
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
    yield from (("Published", port) for port in container.ports)
    for endpoint in view.endpoints:
        if endpoint.container == container.name:
            yield from _of_endpoint(endpoint)


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
