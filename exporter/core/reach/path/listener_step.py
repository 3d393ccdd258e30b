"""Whether a socket of a namespace takes a connection to an address and port."""

from collections.abc import Iterable, Sequence
from ipaddress import ip_address, ip_network

from exporter.core.explain.listener_step import listened_ports, own_sockets
from exporter.core.explain.path import FAILED, LISTENER, OK, UNKNOWN, Step
from exporter.core.model.sockets import ListeningSocket
from exporter.core.ports.unserved import is_loopback
from exporter.core.reach.path.rule_steps import unread_step
from exporter.core.reach.view import LISTENERS, NamespaceView

THE_HOST = "the host"
LISTEN_ON_HOST = "Let the program listen on that port, or use the one that it listens on: `ss -tuln`."
OTHER = {"tcp": "udp", "udp": "tcp"}
ANY4, ANY6, MAPPED_ANY = "0.0.0.0", "::", "::ffff:0.0.0.0"
SLOW_SECONDS = 2.0  # a process that runs accepts a connection before


def listener_step(
    view: NamespaceView, whose: str, protocol: str, port: int, address: str, ifindex: int = 0, client: str = ""
) -> Step:
    """Return the step of the server's socket; `whose` is a container's name, or THE_HOST.

    `ifindex` is the device by which packets arrive, 0 where it is not known; `client` the address that they come from.
    """
    what = f"{protocol}/{port}"
    if (why := view.missing(LISTENERS)) is not None:
        return unread_step(LISTENER, f"the listening sockets of {whose} could not be read", why)
    here = [s for s in view.listeners if (s.protocol, s.port) == (protocol, port)]
    serving = serving_sockets(here, address, ifindex)
    if serving:
        return _served(view, whose, what, serving, client)
    if here:
        return _elsewhere(whose, what, here, address)
    if any((s.protocol, s.port) == (OTHER[protocol], port) for s in view.listeners):
        detail = f"{whose} listens on {OTHER[protocol]}/{port} and not on {what}"
        return Step(LISTENER, FAILED, detail, "wrong_protocol")
    detail = f"no process in {whose} listens on {what}; {listened_ports(own_sockets(view.listeners))}"
    return Step(LISTENER, FAILED, detail, "not_listening", LISTEN_ON_HOST if whose == THE_HOST else "")


def _served(view: NamespaceView, whose: str, what: str, serving: list[ListeningSocket], client: str) -> Step:
    """Of several equal sockets (SO_REUSEPORT) the kernel gives each a part of the connections."""
    best = max(map(_precedence, serving))
    serving = [socket for socket in serving if _precedence(socket) == best]
    faults = [fault for socket in serving if (fault := socket_fault(view, socket)) is not None]
    if not faults:
        undecided = undecided_step(view, whose, serving, client)
        return undecided or Step(LISTENER, OK, f"a process in {whose} listens on {what} at {serving[0].address}")
    why, code, command = faults[0]
    if len(faults) == len(serving):
        return Step(LISTENER, FAILED, f"{whose} listens on {what} and {why}", code, command)
    detail = f"{whose} listens on {what} by {len(serving)} sockets, and one of them loses its connections: it {why}"
    return Step(LISTENER, UNKNOWN, detail, code, command)


def _precedence(socket: ListeningSocket) -> tuple[bool, bool, bool]:
    """The kernel's choice between sockets: by address, then by device, then by family (inet_hashtables.c)."""
    return socket.address not in (ANY4, ANY6, MAPPED_ANY), bool(socket.ifindex), socket.address != ANY6


def socket_fault(view: NamespaceView, socket: ListeningSocket) -> tuple[str, str, str] | None:
    """Why no process takes what a socket receives, with the code and the remedy."""
    pid = view.stopped.get(socket.inode)
    if pid in view.frozen:
        return f"answers nothing: its process {pid} is frozen with its cgroup", "server_frozen", ""
    if pid is not None:
        return f"answers nothing: its process {pid} is stopped", "server_stopped", f"Run `kill -CONT {pid}`."
    if (socket.protocol, socket.address, socket.port) in view.full:
        what = "accepts no connection: its accept" if socket.protocol == "tcp" else "takes no datagram: its receive"
        return f"{what} queue is full", "backlog_full", ""
    return None


def undecided_step(
    view: NamespaceView, whose: str, serving: Sequence[ListeningSocket], client: str = ""
) -> Step | None:
    """Return the step of what a socket takes of some clients only, or of none for a while; `client` '' is any one."""
    what = f"{whose} listens on {serving[0].protocol}/{serving[0].port}"
    keys = sorted({key for socket in serving for key in view.keys.get(socket.inode, ()) if _covers(key, client)})
    if keys:
        detail = f"{what} and drops packets of {', '.join(keys)} without its TCP MD5 key"
        return Step(LISTENER, UNKNOWN, detail, "key_required")
    waited = view.waiting.get(serving[0].port, 0.0) if serving[0].protocol == "tcp" else 0.0
    if waited < SLOW_SECONDS:
        return None
    detail = f"{what}, and its process has not accepted a connection that waits since {waited:.0f} s"
    return Step(LISTENER, UNKNOWN, detail, "not_accepting")


def _covers(network: str, client: str) -> bool:
    return not client or ip_address(client) in ip_network(network)


def _elsewhere(whose: str, what: str, here: list[ListeningSocket], address: str) -> Step:
    at = ", ".join(sorted({f"{s.address} (device {s.ifindex})" if s.ifindex else s.address for s in here}))
    if all(map(is_loopback, here)):
        return Step(LISTENER, FAILED, f"{whose} listens on {what} on its loopback only ({at})", "loopback_only")
    return Step(LISTENER, FAILED, f"{whose} listens on {what} at {at}, and not at {address}", "wrong_address")


def serving_sockets(sockets: Iterable[ListeningSocket], address: str, ifindex: int) -> list[ListeningSocket]:
    """Return those that take a connection to an address: bound to it, or to every one of its family.

    A socket that is bound to a device takes packets of that device only (SO_BINDTODEVICE).
    """
    return [s for s in sockets if _takes(s, address) and s.ifindex in (0, ifindex)]


def _takes(socket: ListeningSocket, address: str) -> bool:
    if socket.address == ANY6:
        return ":" in address or not socket.v6only
    if socket.address == ANY4:
        return ":" not in address
    bound = ip_address(socket.address)
    bound = getattr(bound, "ipv4_mapped", None) or bound
    return ":" not in address if bound == ip_address(ANY4) else bound == ip_address(address)
