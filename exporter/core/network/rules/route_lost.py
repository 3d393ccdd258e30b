"""The host does not route a container's address to its network's bridge, or refuses the container's answers.

The kernel's own lookups are compared with the topology: policy rules, lost routes, blackholes and rp_filter count.
Guard: forwarding that is off is the rule forwarding_off's; where bridge_down has found a network, nothing is said of it
in the same IP version; in the gateway mode isolated and with inhibit_ipv4 the host has no route on purpose; a lookup
without a result is not a condition.
"""

import errno
from collections.abc import Hashable, Iterator
from itertools import groupby

from exporter.core.findings.finding import CRITICAL, WARNING, Finding
from exporter.core.model.fib import LOCAL, UNICAST, RouteResult
from exporter.core.network.context import NetworkContext, finding
from exporter.core.network.rules import bridge_down
from exporter.core.topology.route_queries import ContainerRoute

KIND = "route_lost"
ISOLATED = "isolated"
REASONS = {
    errno.EACCES: "a prohibit route or rule refuses them",
    errno.EINVAL: "a blackhole route or rule, or rp_filter, refuses them",
    errno.EXDEV: "rp_filter refuses them",
    errno.EHOSTUNREACH: "an unreachable route or rule refuses them",
    errno.ENETUNREACH: "the host has no route",
}


def check(context: NetworkContext) -> Iterator[Finding]:
    """Group the lost routes of each network; one finding stands for all of its containers where all are concerned."""
    routes = sorted(context.container_routes, key=lambda route: (route.network.name, route.container.name))
    found = [(route, fault(context, route)) for route in routes]
    down = _down(context) if any(reason for _, reason in found) else frozenset()
    found = [(route, reason) for route, reason in found if (route.network.id, _version(route)) not in down]
    for _, group in groupby(found, lambda row: row[0].network.id):
        known = list(group)
        lost = [(route, reason) for route, reason in known if reason]
        if not lost:
            continue
        if {route.container.id for route, _ in lost} == {route.container.id for route, _ in known}:
            lost = lost[:1]
            subject = lost[0][0].bridge.name
        else:
            subject = ""
        for route, reason in {route.container.id: (route, reason) for route, reason in lost}.values():
            works = any(not r for other, r in known if other.container.id == route.container.id)
            severity = WARNING if works else CRITICAL
            yield finding(KIND, severity, route.network.name, subject or route.container.name, reason)


def _down(context: NetworkContext) -> frozenset[tuple[Hashable, int]]:
    """Return the ids of the networks whose bridge is down, with the IP version of which it lacks an address."""
    found = ((version, one) for version in (4, 6) for one in bridge_down.check(context, (version,)))
    return frozenset((one.key, version) for version, one in found)


def _version(route: ContainerRoute) -> int:
    return 6 if ":" in route.address else 4


def fault(context: NetworkContext, route: ContainerRoute, *, purposely: bool = False) -> str:
    """Say what is wrong with a route in either direction; '' where both are right or not known.

    What is missing on purpose is wrong with `purposely` alone.
    """
    results = context.fib.results
    inbound, local = results.get(route.inbound), results.get(route.local)
    if inbound is None or local is None or (is_without_gateway(route) and not purposely):
        return ""
    if wrong := _misled(context, route, inbound, route.bridge.ifindex):
        way = f"packets from {route.inbound.source} on {route.uplink.name} to {_address(route)}"
        return f"{way} do not reach {route.bridge.name}: {wrong}"
    outbound = results.get(route.outbound) if route.outbound else None
    if outbound is not None and outbound.error and context.fib.forwarding.get(route.bridge.ifindex, True):
        way = f"packets from {_address(route)} to {route.inbound.source}"
        return f"{way} do not leave the host: {_reason(outbound)}"
    return ""


def _address(route: ContainerRoute) -> str:
    return f"{route.address} ({route.container.name})"


def _misled(context: NetworkContext, route: ContainerRoute, result: RouteResult, bridge: int) -> str:
    if result.error:
        off = result.error == errno.EHOSTUNREACH and not context.fib.forwarding.get(route.uplink.ifindex, True)
        return "" if off else _reason(result)
    if result.type == LOCAL:
        return "the address is one of the host's own"
    if result.type == UNICAST and result.ifindex == bridge:
        return ""
    link = context.topology.devices.links.get(result.ifindex)
    return f"the host routes them to {link.name if link else 'another device'}"


def _reason(result: RouteResult) -> str:
    return REASONS.get(result.error, errno.errorcode.get(result.error, str(result.error)))


def is_without_gateway(route: ContainerRoute) -> bool:
    """Whether the engine gives the bridge no address of this family, and so no route."""
    options, six = route.network.options, ":" in route.address
    mode = options.gateway_mode6 if six else options.gateway_mode4
    return mode == ISOLATED or (options.inhibit_ipv4 and not six)
