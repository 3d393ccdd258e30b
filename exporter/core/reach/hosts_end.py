"""The end of a path to a port that a process of the host itself serves, as a container in host mode does."""

from collections.abc import Iterator
from ipaddress import ip_address

from msgspec.structs import replace

from exporter.core.explain.path import DNAT, FAILED, HOST, IPVS, LISTENER, UNKNOWN, Path, Step
from exporter.core.explain.query import find_container
from exporter.core.model.sockets import ListeningSocket
from exporter.core.reach.context import ReachContext
from exporter.core.reach.hosts_answers import address_step, answers_step
from exporter.core.reach.path.ipsec_step import ipsec_step
from exporter.core.reach.path.listener_step import socket_fault, undecided_step
from exporter.core.reach.question import ANYWHERE
from exporter.core.reach.sent_packets import server_programs_step, socket_programs_step
from exporter.core.reach.uplinks import is_outer
from exporter.core.reach.view import LISTENERS
from exporter.core.topology.route_queries import outside_client

FORWARDED = "fwd"  # of an IPsec policy's direction
ELSEWHERE = frozenset({DNAT, IPVS})  # steps of a port that is forwarded to a container


def hosts_end(context: ReachContext, path: Path) -> Iterator[Step]:
    """Yield what is wrong with the sockets of a port of the host; nothing for one that is forwarded to a container."""
    if path.container_port or not path.port or any(step.name in ELSEWHERE for step in path.steps):
        return
    container = find_container(context.inventory, path.container) if path.container else None
    if container is not None and container.state == "paused":
        command = f"Run `{context.words.cli} unpause {container.name}`."
        yield Step(LISTENER, FAILED, f"{container.name} is paused", "container_paused", command)
        return
    if container is not None:
        yield from filter(None, [server_programs_step(context.visited(container).view, container.name)])
    view = context.host.view
    sockets = [s for s in view.listeners if (s.protocol, s.port) == (path.protocol, path.port)]
    if not view.missing(LISTENERS) and sockets:
        sockets = [s for s in sockets if s.address in path.addresses] or sockets
        yield from filter(None, [None if container is not None else socket_programs_step(view, sockets)])
        yield from _faults(context, sockets)


def _faults(context: ReachContext, sockets: list[ListeningSocket]) -> Iterator[Step]:
    what = f"{sockets[0].protocol}/{sockets[0].port}"
    found = [fault for socket in sockets if (fault := socket_fault(context.host.view, socket)) is not None]
    if found:
        why, code, command = found[0]
        state = FAILED if len(found) == len(sockets) else UNKNOWN
        yield Step(LISTENER, state, f"a socket of {what} {why}", code, command)
    elif all(lost := [address_step(context, socket) for socket in sockets]):
        yield from filter(None, lost[:1])
    elif not any(is_outer(context, socket.ifindex) for socket in sockets):
        names = ", ".join(sorted({_device(context, socket.ifindex) for socket in sockets}))
        detail = f"{what} is bound to the device {names}: clients by another device do not reach it"
        yield Step(LISTENER, UNKNOWN, detail, "wrong_address")
    elif all(":" in socket.address and socket.v6only for socket in sockets) and not _has_ipv6(context):
        detail = f"{what} is served over IPv6 alone, and no device to the outside has an address of it"
        yield Step(HOST, UNKNOWN, detail, "wrong_address")
    else:
        yield from _undecided(context, sockets)


def _undecided(context: ReachContext, sockets: list[ListeningSocket]) -> Iterator[Step]:
    """Yield what is open of sockets that serve clients outside."""
    outer = [socket for socket in sockets if not ip_address(socket.address).is_loopback]
    if outer:
        answers = (step for socket in outer if (step := answers_step(context, socket)) is not None)
        undecided = undecided_step(context.host.view, "the host", outer)
        yield from filter(None, [undecided, next(answers, None), _ipsec_step(context, outer)])


def _ipsec_step(context: ReachContext, sockets: list[ListeningSocket]) -> Step | None:
    """Return the step of an IPsec policy of packets to the host itself, or from it."""
    topology = context.observation.topology
    own = [text for link in topology.uplinks for text in topology.devices.addresses.get(link.name, ())]
    bound = [socket.address for socket in sockets if not ip_address(socket.address).is_unspecified]
    near = [outside_client(topology, link, version) for link in topology.uplinks for version in (4, 6)]
    policies = tuple(one for one in context.host.view.ipsec if one.direction != FORWARDED)
    view = replace(context.host.view, ipsec=policies)
    return ipsec_step(HOST, view, "the host", bound if len(bound) == len(sockets) else own, [*ANYWHERE, *near])


def _device(context: ReachContext, ifindex: int) -> str:
    device = context.host.view.devices.get(ifindex)
    return device.link.name if device else str(ifindex)


def _has_ipv6(context: ReachContext) -> bool:
    devices = context.host.view.devices
    return any(
        ":" in address and not ip_address(address).is_link_local
        for ifindex, device in devices.items()
        if is_outer(context, ifindex)
        for address in device.addresses
    )
