"""Whether packets of the host reach a container: its address on the host, its bridge and veth, the host's routes.

The rules about networks are evaluated on this moment: a fault here is what they find once it has held.
"""

from collections.abc import Iterator
from ipaddress import ip_address

from exporter.core.explain.path import FAILED, HOST, LINK, LISTENER, OK, ROUTE, UNKNOWN, Step
from exporter.core.findings.finding import Finding
from exporter.core.findings.rule import Input
from exporter.core.model.docker import Container
from exporter.core.network.context import NetworkContext
from exporter.core.network.rules import bridge_down, detached_veth, namespace_orphaned, route_lost
from exporter.core.topology.route_queries import ContainerRoute
from exporter.core.topology.topology import Topology

UNREAD = "the host's devices or routes could not be read"


def address_step(topology: Topology, host_ip: str) -> Step | None:
    """Return the failed step of a published address that the host does not have; None otherwise."""
    addresses = {address for found in topology.devices.addresses.values() for address in found}
    if not host_ip or not addresses or host_ip in addresses:
        return None
    address = ip_address(host_ip)
    if address.is_unspecified or address.is_loopback or address.is_link_local:
        return None
    return Step(HOST, FAILED, f"no device of the host has the address {host_ip}", "address_lost")


def network_steps(
    context: NetworkContext | None, container: Container, networks: frozenset[str], version: int, *, published: bool
) -> Iterator[Step]:
    """Yield the steps to a container on some of its bridge networks, by name, for one IP version.

    Where no port is `published`, the host needs no route to a network in which it has no address on purpose.
    """
    if context is None or Input.HOST_NETWORK in context.missing():
        yield Step(LINK, UNKNOWN, UNREAD, "route_unknown")
        return
    yield _link_step(context, container, networks, version)
    routes = [
        route
        for route in context.container_routes
        if route.container.id == container.id
        and route.network.name in networks
        and ip_address(route.address).version == version
        and (published or not route_lost.is_without_gateway(route))
    ]
    if (step := _route_step(context, routes)) is not None:
        yield step


def orphaned_step(context: NetworkContext | None, container: Container) -> Step | None:
    """Return the failed step of a container whose namespace has lost its owner; None otherwise."""
    if context is None or Input.HOST_NETWORK in context.missing():
        return None
    found = (one for one in namespace_orphaned.check(context) if one.labels["subject"] == container.name)
    return next((Step(LINK, FAILED, one.detail, "namespace_orphaned") for one in found), None)


def served_step(context: NetworkContext | None, owner: Container, listener: Step) -> Step:
    """Return the step of the listener, or the one of a container that shared the owner's namespace and has left it."""
    if listener.code != "not_listening" or context is None or Input.HOST_NETWORK in context.missing():
        return listener
    containers = context.topology.inventory.containers
    sharers = {one.name for one in containers.values() if one.network_owner == owner.id}
    found = (one for one in namespace_orphaned.check(context) if one.labels["subject"] in sharers)
    if (left := next(found, None)) is None:
        return listener
    detail, remedy = f"{listener.detail}; {left.detail}", f"Restart or recreate {left.labels['subject']}."
    return Step(LISTENER, FAILED, detail, "namespace_orphaned", remedy)


def _link_step(context: NetworkContext, container: Container, networks: frozenset[str], version: int) -> Step:
    for found in bridge_down.check(context, (version,)):
        if found.labels["network"] in networks:
            return Step(LINK, FAILED, found.detail, "bridge_down")
    for found in detached_veth.check(context):
        if _is_about(found, container, networks):
            return Step(LINK, FAILED, found.detail, "veth_detached")
    veths = [
        f"{attachment.veth.name} of network {attachment.network.name}"
        for attachment in context.topology.attachments
        if attachment.container.id == container.id and attachment.network.name in networks and attachment.veth
    ]
    if not veths:
        detail = f"no veth of {container.name} is known: it may be a port of a bridge that is not the engine's"
        return Step(LINK, UNKNOWN, detail, "route_unknown", "See `bridge link`: which bridge is its veth a port of?")
    return Step(LINK, OK, f"{container.name} is connected by {', '.join(veths)}")


def _route_step(context: NetworkContext, routes: list[ContainerRoute]) -> Step | None:
    """None where the host has no uplink of that IP version, and so no client from outside."""
    if not routes:
        return None
    if any(route.inbound not in context.fib.results for route in routes):
        return Step(ROUTE, UNKNOWN, UNREAD, "route_unknown")
    for route in routes:
        if reason := route_lost.fault(context, route, purposely=True):
            return Step(ROUTE, FAILED, reason, "route_lost")
    addresses = ", ".join(dict.fromkeys(f"{route.address} to {route.bridge.name}" for route in routes))
    return Step(ROUTE, OK, f"the host routes {addresses}, and answers back")


def _is_about(found: Finding, container: Container, networks: frozenset[str]) -> bool:
    return found.labels["subject"] == container.name and found.labels["network"] in networks
