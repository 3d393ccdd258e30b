"""The container's end of a path: whether a socket in its network namespace accepts what the port forwards."""

from collections.abc import Iterable
from ipaddress import ip_address

from exporter.core.explain.path import FAILED, LISTENER, OK, UNKNOWN, Step
from exporter.core.model.container_details import PortBinding
from exporter.core.model.docker import Container
from exporter.core.model.sockets import ListeningSocket
from exporter.core.ports.context import READ_PROTOCOLS, PortContext
from exporter.core.ports.overlap import ANY, cover
from exporter.core.ports.unserved import LOOPBACK_ONLY, WRONG_PROTOCOL, is_loopback, why_unserved

OTHER = {"tcp": "udp", "udp": "tcp"}
MAX_NAMED = 5  # ports that a sentence names
EMBEDDED_DNS = "127.0.0.11"  # of dockerd, on ports that the kernel chooses


def listener_step(
    context: PortContext, container: Container, binding: PortBinding, targets: frozenset[str] = frozenset()
) -> Step:
    """Return the step of a published port. `targets` are the container's addresses that it goes to, if known."""
    name, target = container.name, f"{binding.protocol}/{binding.container_port}"
    sockets = context.listeners_in(container)
    if sockets is None or binding.protocol not in READ_PROTOCOLS:
        return Step(LISTENER, UNKNOWN, f"the listening sockets inside {name} could not be read", "sockets_unknown")
    if context.is_redirected(container):
        detail = f"NAT rules in the network namespace of {name} may redirect {target}: they are not decoded"
        return Step(LISTENER, UNKNOWN, detail, "rule_not_understood")
    here = [s for s in sockets if (s.protocol, s.port) == (binding.protocol, binding.container_port)]
    why = why_unserved(container, binding, sockets)
    if not why and _takes(here, targets):
        return Step(LISTENER, OK, f"a process in {name} listens on {target} at {_at(here)}")
    return _unserved(name, binding, sockets, here, why)


def _unserved(
    name: str, binding: PortBinding, sockets: tuple[ListeningSocket, ...], here: list[ListeningSocket], why: str
) -> Step:
    target = f"{binding.protocol}/{binding.container_port}"
    if why == LOOPBACK_ONLY:
        return Step(LISTENER, FAILED, f"{name} listens on {target} on its loopback only", "loopback_only")
    if why == WRONG_PROTOCOL:
        other = f"{OTHER[binding.protocol]}/{binding.container_port}"
        return Step(LISTENER, FAILED, f"{name} listens on {other} and not on {target}", "wrong_protocol")
    if here:
        detail = f"{name} listens on {target} only at {_at(here)}, where the port does not lead"
        return Step(LISTENER, FAILED, detail, "wrong_address")
    return Step(
        LISTENER, FAILED, f"no process in {name} listens on {target}; {listened_ports(sockets)}", "not_listening"
    )


def _takes(sockets: Iterable[ListeningSocket], targets: frozenset[str]) -> bool:
    """Whether one of them is bound to every address, or to one of the targets."""
    covered = [address for s in sockets for address in cover(s.address, v6only=s.v6only)]
    return not targets or ANY in covered or not targets.isdisjoint(covered)


def _at(sockets: Iterable[ListeningSocket]) -> str:
    return ", ".join(sorted({f"{s.address} (device {s.ifindex})" if s.ifindex else s.address for s in sockets}))


def own_sockets(sockets: Iterable[ListeningSocket]) -> list[ListeningSocket]:
    """Return the sockets of the container's processes: without those of dockerd's DNS server in its namespace."""
    return [socket for socket in sockets if ip_address(socket.address) != ip_address(EMBEDDED_DNS)]


def listened_ports(sockets: Iterable[ListeningSocket]) -> str:
    """Name the ports that are listened on, those on the loopback apart."""
    own = own_sockets(sockets)
    outside = {(s.protocol, s.port) for s in own if not is_loopback(s)}
    inside = {(s.protocol, s.port) for s in own} - outside
    parts = [_named(outside)] if outside else []
    parts += [f"{_named(inside)} on its loopback"] if inside else []
    return f"it listens on {' and on '.join(parts)}" if parts else "it listens on no port"


def _named(ports: set[tuple[str, int]]) -> str:
    named = ", ".join(f"{protocol}/{port}" for protocol, port in sorted(ports)[:MAX_NAMED])
    return f"{named} and others" if len(ports) > MAX_NAMED else named
