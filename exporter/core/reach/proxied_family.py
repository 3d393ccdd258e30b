"""Connections of the IP version that no DNAT rule translates: docker-proxy accepts them on the host.

So it is with IPv6 and a container that has no address of it. What holds them up does not concern the other version.
"""

from collections.abc import Iterator
from ipaddress import ip_address

from msgspec.structs import replace

from exporter.core.explain.input_steps import input_steps
from exporter.core.explain.nat_steps import dnat_targets
from exporter.core.explain.path import HOST, UNKNOWN, Path, Step
from exporter.core.explain.query import find_container
from exporter.core.model.docker import Container
from exporter.core.model.sockets import ListeningSocket
from exporter.core.reach.context import ReachContext
from exporter.core.reach.hosts_answers import answers_step
from exporter.core.reach.path.listener_step import serving_sockets
from exporter.core.reach.uplinks import outside_versions

SIX = 6
REMEDY = (
    "Publish the port on 0.0.0.0, or give the host an address of IPv6. "
    "A container on a network in the gateway mode routed is reached at its own address."
)


def proxied_family_steps(context: ReachContext, path: Path) -> Iterator[Step]:
    """Yield what may keep clients of IPv6 from docker-proxy.

    Where no device to the outside has an address of IPv6 this concerns a port that has no other address alone.
    """
    container = find_container(context.inventory, path.container) if path.container and path.container_port else None
    six = [one for one in path.addresses if ip_address(one).version == SIX and not ip_address(one).is_loopback]
    if container is None or not six:
        return
    versions = outside_versions(context)
    if versions and SIX not in versions and _is_published_on_ipv6_alone(container, path):
        what = f"{path.protocol}/{path.port}"
        detail = f"{what} is published on IPv6 alone, and no device to the outside has an address of it"
        yield Step(HOST, UNKNOWN, detail, "wrong_address", REMEDY)
    if SIX not in versions or _has_target(context, container, path):
        return
    only = len(six) < len(path.addresses)
    for socket in _sockets(context, path, six[0])[:1]:
        answers = (answers_step(context, socket),)
        for step in (*input_steps(context.observation, socket), *filter(None, answers)):
            yield replace(step, state=UNKNOWN, detail=f"over IPv6 alone: {step.detail}") if only else step


def _is_published_on_ipv6_alone(container: Container, path: Path) -> bool:
    """Whether the engine has the port in effect on no address of IPv4, as that of a network that is routed to."""
    if container.details is None or not path.port:
        return False
    bindings = [
        one for one in container.details.published if (one.protocol, one.host_port) == (path.protocol, path.port)
    ]
    return bool(bindings) and all(":" in one.host_ip for one in bindings)


def _has_target(context: ReachContext, container: Container, path: Path) -> bool:
    targets = dnat_targets(context.observation, container.name, path.protocol, path.port)
    return any(ip_address(one.targets[0]).version == SIX for one in targets)


def _sockets(context: ReachContext, path: Path, address: str) -> list[ListeningSocket]:
    view = context.host.view
    here = [socket for socket in view.listeners if (socket.protocol, socket.port) == (path.protocol, path.port)]
    return [replace(socket, v6only=True) for socket in serving_sockets(here, address, 0)]
