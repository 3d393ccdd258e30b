"""The truth of a situation: the name resolved and a server asked from inside the source's network namespace."""

import socket
from contextlib import nullcontext, suppress
from dataclasses import dataclass

from tests.support.private_host.namespaces import netns
from tests.truth.cgroups import joined_cgroup
from tests.truth.lab import Lab
from tests.truth.probes import fetch
from tests.truth.reach.resolve import resolve
from tests.truth.reach.situation import Situation, Truth

UDP_SECONDS = 1.0
IP_MTU_DISCOVER, IP_PMTUDISC_PROBE = 10, 3  # linux/in.h


@dataclass(frozen=True, slots=True)
class Measured:
    """What was seen, and how."""

    truth: Truth
    words: str


def measure(lab: Lab, situation: Situation, target: str) -> Measured:
    """Resolve the target and connect to each of its addresses, as the source does."""
    state = lab.inspect(situation.source)["State"]
    if not state["Running"] or state["Paused"] or state["Restarting"]:
        return Measured(Truth.FAILS, f"{situation.source} is {state['Status']}: none of its processes runs")
    pid = lab.pid(situation.source)
    with netns(pid):
        found, words = resolve(pid, target)
        found = [address for address in found if _has_route(address)] or found
    with joined_cgroup(pid) if situation.in_cgroup else nullcontext():
        answers = {address: _answer(pid, address, situation) for address in found}
    right = [answer in situation.answers for answer in answers.values()]
    truth = Truth.FAILS if not any(right) else Truth.WORKS if all(right) else Truth.MIXED
    said = [f"{address}: {answer or 'no answer'}" for address, answer in answers.items()]
    return Measured(truth, "; ".join(word for word in (words, *said) if word))


def _has_route(address: str) -> bool:
    """Whether the kernel would send there: getaddrinfo(3) puts other addresses behind these (RFC 6724, rule 1)."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.connect((address, 9))
        return True
    return False


def _answer(pid: int, address: str, situation: Situation) -> str:
    if situation.protocol == "udp":
        return _echo(pid, address, situation.port, situation.size)
    return fetch(pid, address, situation.port)


def _echo(pid: int, address: str, port: int, size: int) -> str:
    """Send a datagram that may not be fragmented; the name of the server that sent it back, '' for none."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with suppress(OSError), netns(pid), socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.settimeout(UDP_SECONDS)
        if family == socket.AF_INET:
            sock.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE)
        sock.connect((address, port))
        sock.send(b"?" * size)
        return sock.recv(65536).decode().rstrip("?")
    return ""
