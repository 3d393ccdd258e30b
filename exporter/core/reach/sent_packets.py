"""What decides about packets besides rules and routes: cgroups, local ports, the time to live, connection tracking."""

from collections.abc import Iterable

from exporter.core.explain.path import FAILED, UNKNOWN, Step
from exporter.core.model.fib import RouteQuery, RouteResult
from exporter.core.model.sockets import ListeningSocket
from exporter.core.nat.packet import Mark
from exporter.core.reach.answer import FILTER, INSIDE
from exporter.core.reach.path.route_step import NO_ROUTE
from exporter.core.reach.path.trip import Flow
from exporter.core.reach.view import SOCKET_LOOKUP, Device, NamespaceView, Visited

PACKETS = ("ingress", "egress")
OF_SOCKETS = {"tcp": ("connect",), "udp": ("connect", "sendmsg", "recvmsg")}  # followed by the IP version
LEAST_TTL = 2  # of a packet that is forwarded once (net/ipv4/ip_forward.c)


def client_programs_step(view: NamespaceView, whose: str, flow: Flow) -> Step | None:
    """Return the step of BPF programs that may refuse a connection of the container, or drop its packets or answers."""
    version = "6" if ":" in flow.destination else "4"
    return _programs_step(view, whose, ("sock_create", *(f"{e}{version}" for e in OF_SOCKETS[flow.protocol]), *PACKETS))


def server_programs_step(view: NamespaceView, whose: str) -> Step | None:
    """Return the step of BPF programs that may drop packets to the container or its answers."""
    return _programs_step(view, whose, (*PACKETS, SOCKET_LOOKUP))


def socket_programs_step(view: NamespaceView, sockets: Iterable[ListeningSocket]) -> Step | None:
    """Return the step of such programs for sockets of the host itself, as systemd's IPAddressDeny= has them."""
    found = {one for socket in sockets for one in view.socket_programs.get(socket.cgroup_id, ())}
    types = [one for one in (*PACKETS, SOCKET_LOOKUP) if one in found | view.programs]
    if not types:
        return None
    detail = f"BPF programs at the cgroup of the process ({', '.join(types)}) may decide: they are not evaluated"
    return Step(INSIDE, UNKNOWN, detail, "rule_not_understood")


def _programs_step(view: NamespaceView, whose: str, types: Iterable[str]) -> Step | None:
    found = [one for one in types if one in view.programs]
    if not found:
        return None
    detail = f"BPF programs at the cgroup of {whose} ({', '.join(found)}) may decide: they are not evaluated"
    return Step(INSIDE, UNKNOWN, detail, "rule_not_understood")


def sender(view: NamespaceView, protocol: str, port: int) -> tuple[int, int]:
    """Return the user and the mark of what the socket of a port sends; each is 0 where several sockets differ."""
    here = [socket for socket in view.listeners if (socket.protocol, socket.port) == (protocol, port)]
    uids, marks = {socket.uid for socket in here}, {view.marks.get(socket.inode, 0) for socket in here}
    return uids.pop() if len(uids) == 1 else 0, marks.pop() if len(marks) == 1 else 0


def local_ports_step(there: Visited, whose: str, flow: Flow) -> Step | None:
    """Return the failed step of a client without a local port; None also where it is not known."""
    if not flow.port:
        return None
    query = RouteQuery(flow.destination, flow.source, protocol=flow.protocol, port=flow.port)
    if there.free_ports(query) != 0:
        return None
    detail = f"{whose} has no local port left for connections to {flow.destination}, {flow.protocol}/{flow.port}"
    return Step(INSIDE, FAILED, detail, "local_ports_exhausted")


def ttl_step(
    name: str, view: NamespaceView, device: Device, what: str, *, six: bool, route: RouteResult
) -> Step | None:
    """Return the failed step of packets that the host does not forward; a route's own hop limit comes first."""
    setting = "net.ipv6.conf.*.hop_limit" if six else "net.ipv4.ip_default_ttl"
    value = route.hop_limit or (device.hop_limit if six else view.ttl)
    if value >= LEAST_TTL:
        return None
    detail = f"{what} have a time to live of {value}, and the host does not forward them ({setting})"
    return Step(name, FAILED, detail, "ttl_too_small")


def tracking_step(host: NamespaceView, protocol: str) -> Step | None:
    """Return the step of connections whose entry in the host's connection tracking ends at once; None otherwise.

    Which answers are lost then depends on the moment at which the kernel removes the entry.
    """
    name = host.untracked.get(protocol)
    if name is None:
        return None
    detail = f"the host's connection tracking ends entries of {protocol} at once (net.netfilter.{name} is 0)"
    return Step(
        FILTER, UNKNOWN, detail, "conntrack_timeout", f"See `sysctl net.netfilter.{name}`, and set its default."
    )


def own_marks_step(there: Visited, whose: str, what: str, query: RouteQuery, mark: Mark) -> Step | None:
    """Return the step of packets that a mark may lead elsewhere than `query` says; None where it changes nothing.

    Chains of the type route alone do so (net/ipv4/netfilter.c: ip_route_me_harder), and types are not evaluated.
    """
    see = f"See `nft list ruleset` and `ip rule` in the network namespace of {whose}."
    if not mark.values:
        detail = f"rules of {whose} give {what} a mark that is not known, and policy rules may go by it"
        return Step(INSIDE, UNKNOWN, detail, "rule_not_understood", see)
    plain = there.lookup(query)
    for value in mark.values:
        found = plain if value == query.mark else there.lookup(query._replace(mark=value))
        if _way(found) == _way(plain):
            continue
        how = "refuse them" if found.error in NO_ROUTE else "lead them elsewhere"
        detail = f"rules of {whose} give {what} the mark {value:#x}, and policy rules by that mark {how}"
        return Step(INSIDE, UNKNOWN, detail, "rule_not_understood", see)
    return None


def _way(result: RouteResult) -> tuple[str, int, str, int]:
    return result.type, result.ifindex, result.gateway, result.error
