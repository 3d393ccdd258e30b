"""Ports beside the monitor: when the kernel is asked who has a port, and what of its answers is judged."""

from collections.abc import Collection
from dataclasses import replace

import pytest
import structlog
from structlog.testing import LogCapture

from exporter.core.model.docker import Container
from exporter.core.model.kernel_sample import KernelSample
from exporter.core.model.sockets import BoundSocket, HostSockets, NamespaceSockets, Owner
from exporter.core.ports.bind_failures import RefusedBind
from exporter.core.ports.context import Port
from exporter.core.ports.result import PortJudgement
from exporter.core.topology.topology import join
from exporter.monitor.ports import ASK_SECONDS, SWEEP_SECONDS, Bound, PortMonitor
from tests.support.builders import inventory
from tests.support.port_hosts import (
    DEVICES,
    LOCAL_PORTS,
    NETWORKS,
    NOW,
    details,
    down,
    process,
    publishes,
    runs,
    socket,
)

IN_USE = "listen tcp4 0.0.0.0:8080: bind: address already in use"
FAILED = down("web", "8080:80", error=IN_USE)
CURL = BoundSocket("tcp", "0.0.0.0", 8080, "established", Owner("process", "curl"))
NGINX = process("nginx", "0.0.0.0:8080")
SAMPLE = KernelSample(sockets=HostSockets((), local_ports=LOCAL_PORTS), namespace_sockets=NamespaceSockets())


class Kernel:
    """Says who has the ports that it is asked for."""

    def __init__(self) -> None:
        self.asked: list[set[Port]] = []
        self.answer: Bound = {("tcp", 8080): (CURL,)}
        self.failing = False

    def bound(self, questions: Collection[Port]) -> Bound:
        """The answer, or the kernel's refusal."""
        self.asked.append(set(questions))
        if self.failing:
            raise OSError("planted")
        return self.answer


class Host:
    """A host that is looked at."""

    def __init__(self, *containers: Container) -> None:
        self.kernel = Kernel()
        self._monitor = PortMonitor(self.kernel)
        self._topology = join(inventory(*NETWORKS, *containers), DEVICES)

    def look(self, clock: float = 0.0, sample: KernelSample = SAMPLE, *refused: RefusedBind) -> PortJudgement:
        """Judge so many seconds after the first look."""
        return self._monitor.observe(self._topology, sample, NOW + clock, clock, refused, redirects=())

    def found(self, clock: float = 0.0, sample: KernelSample = SAMPLE, *refused: RefusedBind) -> set[tuple[str, str]]:
        """Kinds and holders of what is found then."""
        return {(found.kind, found.holder) for found in self.look(clock, sample, *refused).conflicts}


def listening(*listeners: object) -> KernelSample:
    return replace(SAMPLE, sockets=HostSockets(tuple(listeners), local_ports=LOCAL_PORTS))


def test_nobody_is_asked_while_no_bind_failed() -> None:
    host = Host(publishes("web", "8080:80"), runs("other"))
    host.look()
    assert host.kernel.asked == []


def test_who_has_the_port_of_a_failed_start_is_asked_and_told_at_once() -> None:
    host = Host(FAILED)
    assert host.found() == {("start_failed", "curl"), ("ephemeral_holder", "curl")}
    assert host.kernel.asked == [{("tcp", 8080)}]


def test_the_same_is_not_asked_at_every_look() -> None:
    host = Host(FAILED)
    host.look(0.0)
    assert host.look(1.0) is host.look(ASK_SECONDS - 0.1)
    assert len(host.kernel.asked) == 1
    host.kernel.answer = {("tcp", 8080): ()}
    assert host.found(ASK_SECONDS) == {("start_failed", "")}
    assert len(host.kernel.asked) == 2


def test_what_a_listener_explains_is_not_asked_and_an_old_answer_is_forgotten() -> None:
    host = Host(FAILED)
    host.look(0.0)
    assert host.found(1.0, listening(*NGINX)) == {("start_failed", "nginx")}
    host.kernel.answer = {("tcp", 8080): ()}
    assert host.found(2.0) == {("start_failed", "")}


def test_an_answer_that_does_not_come_costs_only_itself() -> None:
    log = LogCapture()
    structlog.configure(processors=[log])
    try:
        host = Host(FAILED)
        host.kernel.failing = True
        assert host.found() == {("start_failed", "")}
    finally:
        structlog.reset_defaults()
    assert [entry["error"] for entry in log.entries] == ["planted"]


@pytest.mark.parametrize(
    ("sample", "age", "suspended"),
    [
        (SAMPLE, SWEEP_SECONDS - 1, ()),
        (SAMPLE, SWEEP_SECONDS + 1, ("namespace_sockets",)),
        (replace(SAMPLE, namespace_sockets=NamespaceSockets({"web-id": (socket("0.0.0.0:80"),)}, 1.0)), 99.0, ()),
        (replace(SAMPLE, namespace_sockets=NamespaceSockets({"other-id": ()}, 1.0)), 99.0, ("namespace_sockets",)),
        (replace(SAMPLE, namespace_sockets=None), 1.0, ("namespace_sockets",)),
    ],
    ids=["a moment ago", "hidden", "read", "another's", "not looked into"],
)
def test_namespaces_that_cannot_be_read_are_said(sample: KernelSample, age: float, suspended: tuple[str, ...]) -> None:
    host = Host(details(publishes("web", "8080:80"), started=NOW - age))
    assert host.look(0.0, replace(sample, reserved_ports=())).suspended == suspended


def test_where_no_namespace_matters_none_is_missed() -> None:
    assert Host(runs("web"), runs("top", network="host")).look(0.0, replace(SAMPLE, reserved_ports=())).suspended == ()


def test_what_the_kernel_refused_is_remembered() -> None:
    host = Host(runs("web", network="host"))
    host.kernel.answer = {}
    refused = RefusedBind(9, "web-id", 1, 100, "web", "tcp", "0.0.0.0", 8080, NOW)
    assert host.found(0.0, listening(*NGINX), refused) == {("host_bind_failed", "nginx")}
    assert host.found(60.0, listening(*NGINX)) == {("host_bind_failed", "nginx")}
    assert host.found(61.0) == set()
