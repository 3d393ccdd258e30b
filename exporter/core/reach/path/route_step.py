"""The client's route to an address, and why it has none."""

import errno
from collections.abc import Iterator
from ipaddress import ip_address

from exporter.core.explain.path import FAILED, OK, ROUTE, UNKNOWN, Step
from exporter.core.model.docker import Container, Endpoint, Network
from exporter.core.model.fib import RouteResult
from exporter.core.reach.answer import NO_IPV6
from exporter.core.reach.context import HOST_MODE, NO_MODE, ReachContext, in_subnet
from exporter.core.reach.names.records import ordered_networks
from exporter.core.reach.namespace_rules import LOOPBACK
from exporter.core.reach.path.trip import Trip
from exporter.core.reach.view import NamespaceView

REFUSALS = {errno.EHOSTUNREACH: "unreachable", errno.EACCES: "prohibit", errno.EINVAL: "blackhole"}  # route types
NO_FAMILY = (errno.EAFNOSUPPORT, errno.EOPNOTSUPP)  # of a kernel with ipv6.disable=1
NO_ROUTE = frozenset({errno.ENETUNREACH, *REFUSALS})  # what the kernel answers; any other error is a failed lookup


def route_step(trip: Trip) -> Step:
    """Describe the route that the kernel takes."""
    flow = trip.flow
    via = f" via {trip.route.gateway}" if trip.route.gateway else ""
    on = f" (network {trip.network_name})" if trip.network else ""
    first = _first_network(trip)
    detail = (
        f"{flow.destination} is routed to {trip.device.link.name}{on}{via} with source address {flow.source}{first}"
    )
    return Step(ROUTE, OK, detail)


def _first_network(trip: Trip) -> str:
    """Which network gives the default route, where the client has several."""
    names = [network.name for network, _ in ordered_networks(trip.context, trip.client)]
    if not trip.route.gateway or names[:1] == names or names[0] != trip.network_name:
        return ""
    return f"; of its networks {', '.join(names)} the first has the default route"


def refused(context: ReachContext, client: Container, view: NamespaceView, address: str, result: RouteResult) -> Step:
    """Return the step of an address to which the kernel has no route, with the reason; UNKNOWN for a failed lookup."""
    if result.error not in (*NO_ROUTE, *NO_FAMILY):
        return unknown_route(client.name, address, result)
    reasons = _reasons(context, client, view, address, result)
    code, detail, command = next(reasons, ("no_route", f"{client.name} has no route to {address}", ""))
    return Step(ROUTE, FAILED, detail, code, command)


def unknown_route(whose: str, address: str, result: RouteResult) -> Step:
    """Return the step of a lookup that failed, or whose device is not known."""
    why = f": {errno.errorcode.get(result.error, result.error)}" if result.error else ""
    return Step(ROUTE, UNKNOWN, f"the route of {whose} to {address} could not be read{why}", "route_unknown")


def _reasons(
    context: ReachContext, client: Container, view: NamespaceView, address: str, result: RouteResult
) -> Iterator[tuple[str, str, str]]:
    """Yield code, sentence and command of what is wrong; the first is the cause of the others."""
    home = context.home(client)
    name, six = client.name, ":" in address
    if NO_MODE in (client.network_mode, home.network_mode) and not ip_address(address).is_loopback:
        yield "no_network", f"{name} is in network mode none", ""
    elif not home.endpoints and home.network_mode != HOST_MODE and not ip_address(address).is_loopback:
        command = f"Run `{context.words.cli} network connect bridge {home.name}`, or connect it to another network."
        yield "no_network", f"{name} is on no network", command
    if result.error in REFUSALS:
        what = f"a route or policy rule of the type {REFUSALS[result.error]}"
        yield "route_refused", f"{what} in {name} covers {address}", ""
    if six and not _has_ipv6(home, view):
        yield NO_IPV6, f"{name} has no IPv6 address", ""
    networks = ordered_networks(context, client)
    for network, endpoint in sorted(networks, key=lambda pair: not in_subnet(pair[0], address)):
        yield from _endpoint_reasons(context, home, view, network, endpoint.ip6_address if six else endpoint.ip_address)
    yield from _default_reasons(context, client, networks, address)


def _has_ipv6(home: Container, view: NamespaceView) -> bool:
    """Whether it has an address of IPv6, or had one from Docker."""
    return any(endpoint.ip6_address for endpoint in home.endpoints) or any(
        ":" in address and not ip_address(address).is_link_local
        for device in view.devices.values()
        if device.link.name != LOOPBACK
        for address in device.addresses
    )


def _endpoint_reasons(
    context: ReachContext, home: Container, view: NamespaceView, network: Network, own: str
) -> Iterator[tuple[str, str, str]]:
    if not own:
        return
    device = view.device_of(own)
    if device is None:
        command = f"Run `{context.words.cli} network disconnect {network.name} {home.name}` and connect it again."
        detail = f"{home.name} has lost its address {own} of network {network.name}, and its routes with it"
        yield "container_address_lost", detail, command
    elif not device.link.up:
        enter, cli = f"nsenter -t {home.pid} -n", context.words.cli
        command = f"Run `{enter} ip link set {device.link.name} up`, then `{cli} restart {home.name}`."
        yield "device_down", f"{device.link.name} of {home.name} (network {network.name}) is down", command


def _default_reasons(
    context: ReachContext, client: Container, networks: list[tuple[Network, Endpoint]], address: str
) -> Iterator[tuple[str, str, str]]:
    name = client.name
    if networks and all(network.internal for network, _ in networks):
        names = ", ".join(network.name for network, _ in networks)
        yield "internal_only", f"{name} is on internal networks only ({names}) and has no default route", ""
    gateways = [endpoint.gateway for _, endpoint in networks if endpoint.gateway and ":" not in address]
    if gateways:
        detail = f"{name} has no route to {address}: its default route via {gateways[0]} is gone"
        yield "default_route_lost", detail, f"Run `{context.words.cli} restart {context.home(client).name}`."
