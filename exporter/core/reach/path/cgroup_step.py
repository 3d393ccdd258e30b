"""BPF programs at the cgroup of a container, which may refuse its connections or drop its packets."""

from collections.abc import Iterable

from exporter.core.explain.path import UNKNOWN, Step
from exporter.core.reach.answer import INSIDE
from exporter.core.reach.path.trip import Flow
from exporter.core.reach.view import NamespaceView

PACKETS = ("ingress", "egress")
OF_SOCKETS = {"tcp": ("connect",), "udp": ("connect", "sendmsg", "recvmsg")}  # followed by the IP version


def client_programs_step(view: NamespaceView, whose: str, flow: Flow) -> Step | None:
    """Return the step of programs that may refuse a connection of the container, or drop its packets or answers."""
    version = "6" if ":" in flow.destination else "4"
    return _step(view, whose, ("sock_create", *(f"{one}{version}" for one in OF_SOCKETS[flow.protocol]), *PACKETS))


def server_programs_step(view: NamespaceView, whose: str) -> Step | None:
    """Return the step of programs that may drop packets to the container or its answers."""
    return _step(view, whose, PACKETS)


def _step(view: NamespaceView, whose: str, types: Iterable[str]) -> Step | None:
    found = [one for one in types if one in view.programs]
    if not found:
        return None
    detail = f"BPF programs at the cgroup of {whose} ({', '.join(found)}) may decide: they are not evaluated"
    return Step(INSIDE, UNKNOWN, detail, "rule_not_understood")
