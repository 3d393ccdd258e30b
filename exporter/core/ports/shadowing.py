"""Listeners of the host whose packets a DNAT rule takes elsewhere, for every client from outside.

The rule's interface and source must match each client, its address the listener's. Docker's own listeners are behind
its own rules, and one on the loopback alone expects no client from outside.
"""

from collections.abc import Iterator
from ipaddress import ip_address

from msgspec import Struct

from exporter.core.model.sockets import PROCESS, Listener, ListeningSocket, Owner
from exporter.core.nat.redirects import Redirect
from exporter.core.ports.context import PortContext, is_docker_proxy
from exporter.core.ports.overlap import overlaps

WILDCARDS = {4: "0.0.0.0", 6: "::"}
# Programs of root that listen on a port to reserve it, while rules of their own take its packets: Podman and its
# helpers, kube-proxy (alone and within k3s, RKE2 and MicroK8s), Cilium, CRI-O, containerd, another Docker Engine.
RESERVING = frozenset(
    {
        *("conmon", "rootlessport", "podman", "netavark"),
        *("kube-proxy", "kubelet", "kubelite", "k3s", "k3s-server", "k3s-agent", "rke2", "cilium-agent", "crio"),
        *("containerd", "portmap", "docker-proxy"),
    }
)
ROOT = 0


class Shadowed(Struct, frozen=True):
    """A listener, and the rule that takes its packets."""

    listener: Listener
    redirect: Redirect

    @property
    def owner(self) -> Owner:
        """The listener's owner."""
        return self.listener.owner

    @property
    def reserves(self) -> bool:
        """Whether the listener only reserves the port: its program is known for that, and root's."""
        owner, socket = self.listener.owner, self.listener.socket
        return bool(owner.foreign_target) or (owner.kind == PROCESS and owner.name in RESERVING and socket.uid == ROOT)


def shadowed_listeners(context: PortContext) -> Iterator[Shadowed]:
    """Yield each listener with each rule that takes its packets."""
    uplinks = frozenset(link.name for link in context.topology.uplinks)
    for redirect in context.readings.redirects or ():
        if not redirect.source and _is_from_outside(redirect.in_interface, uplinks):
            yield from (Shadowed(listener, redirect) for listener in _on_ports_of(context, redirect))


def _on_ports_of(context: PortContext, redirect: Redirect) -> Iterator[Listener]:
    for port in range(redirect.host_port, (redirect.last_host_port or redirect.host_port) + 1):
        wanted = ListeningSocket(
            redirect.protocol,
            redirect.host_ip or WILDCARDS[redirect.family],
            port,
            v6only=redirect.family == max(WILDCARDS),
        )
        for listener in context.listeners.get((redirect.protocol, port), ()):
            if not is_docker_proxy(listener.owner) and _expects_others(listener) and overlaps(listener.socket, wanted):
                yield listener


def _expects_others(listener: Listener) -> bool:
    address = ip_address(listener.socket.address)
    return listener.owner.known and not (getattr(address, "ipv4_mapped", None) or address).is_loopback


def _is_from_outside(in_interface: str, uplinks: frozenset[str]) -> bool:
    if in_interface.startswith("!"):
        return in_interface[1:] not in uplinks
    return in_interface == "" or in_interface in uplinks
