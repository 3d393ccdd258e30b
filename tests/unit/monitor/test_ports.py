"""Ports beside the monitor: when the kernel is asked who has a port, and what of its answers is judged."""

from collections.abc import Collection

import pytest
import structlog
from msgspec.structs import replace
from structlog.testing import LogCapture

from exporter.core.model.docker import Container
from exporter.core.model.kernel_sample import KernelSample
from exporter.core.model.sockets import BoundSocket, HostSockets, Listener, NamespaceSockets, Owner, PortKey
from exporter.core.nat.view import NatView
from exporter.core.ports.bind_failures import RefusedBind
from exporter.core.ports.result import PortResult
from exporter.core.topology.topology import join
from exporter.monitor.bind_failures import BindFailurePart
from exporter.monitor.collector import Facts
from exporter.monitor.nat import NatPart
from exporter.monitor.ports import LOOKUP_INTERVAL, MAX_SWEEP_DELAY, Bound, PortCollector
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
        self.asked: list[set[PortKey]] = []
        self.answer: Bound = {("tcp", 8080): (CURL,)}
        self.failing = False

    def read_bound(self, ports: Collection[PortKey]) -> Bound:
        """The answer, or the kernel's refusal."""
        self.asked.append(set(ports))
        if self.failing:
            raise OSError("planted")
        return self.answer


class Host:
    """A host that is looked at."""

    def __init__(self, *containers: Container) -> None:
        self.kernel = Kernel()
        self._collector = PortCollector(self.kernel)
        self._topology = join(inventory(*NETWORKS, *containers), DEVICES)

    def look(self, clock: float = 0.0, sample: KernelSample = SAMPLE, *refused: RefusedBind) -> PortResult:
        """Judge so many seconds after the first look."""
        parts = (NatPart(NatView(redirects=())), BindFailurePart(refused))
        return self._collector.collect(Facts(self._topology, sample, NOW + clock, clock, parts)).ports

    def found(self, clock: float = 0.0, sample: KernelSample = SAMPLE, *refused: RefusedBind) -> set[tuple[str, str]]:
        """Kinds and holders of what is found then."""
        return {
            (found.kind, found.labels["holder"]) for found in self.look(clock, sample, *refused).evaluation.findings
        }


def listening(*listeners: Listener) -> KernelSample:
    return replace(SAMPLE, sockets=HostSockets(listeners, local_ports=LOCAL_PORTS))


def test_nothing_is_looked_up_while_no_bind_failed() -> None:
    host = Host(publishes("web", "8080:80"), runs("other"))
    host.look()
    assert host.kernel.asked == []


def test_the_port_of_a_failed_start_is_looked_up_for_the_next_observation() -> None:
    host = Host(FAILED)
    first = host.look()
    assert (first.needed_lookups, first.lookups_pending, host.kernel.asked) == (frozenset({("tcp", 8080)}), True, [])
    assert [found.labels["holder"] for found in first.evaluation.findings] == [""]
    assert host.found() == {("start_failed", "curl")}
    assert (host.kernel.asked, host.look().lookups_pending) == ([{("tcp", 8080)}], False)


def test_the_same_is_not_looked_up_at_every_observation() -> None:
    host = Host(FAILED)
    host.look(0.0)
    host.look(0.0)
    assert host.look(1.0) is host.look(LOOKUP_INTERVAL - 0.1)
    assert len(host.kernel.asked) == 1
    host.kernel.answer = {("tcp", 8080): ()}
    assert host.found(LOOKUP_INTERVAL) == {("start_failed", "")}
    assert len(host.kernel.asked) == 2


def test_what_a_listener_explains_is_not_looked_up_and_an_old_answer_is_dropped() -> None:
    host = Host(FAILED)
    host.look(0.0)
    host.look(0.0)
    assert host.found(1.0, listening(*NGINX)) == {("start_failed", "nginx")}
    host.look(2.0, listening(*NGINX))
    assert host.found(3.0) == {("start_failed", "")}
    assert len(host.kernel.asked) == 1


def test_a_lookup_that_fails_costs_only_itself_and_is_repeated() -> None:
    log = LogCapture()
    structlog.configure(processors=[log])
    try:
        host = Host(FAILED)
        host.kernel.failing = True
        host.look()
        assert host.found() == {("start_failed", "")}
        assert host.look().lookups_pending
        host.kernel.failing = False
        assert host.found() == {("start_failed", "curl")}
    finally:
        structlog.reset_defaults()
    assert [entry["error"] for entry in log.entries] == ["planted"] * 2


@pytest.mark.parametrize(
    ("sample", "age", "suspended"),
    [
        (SAMPLE, MAX_SWEEP_DELAY - 1, ()),
        (SAMPLE, MAX_SWEEP_DELAY + 1, ("namespace_sockets",)),
        (SAMPLE, -3600.0, ("namespace_sockets",)),
        (replace(SAMPLE, namespace_sockets=NamespaceSockets({"web-id": (socket("0.0.0.0:80"),)}, 1.0)), 99.0, ()),
        (replace(SAMPLE, namespace_sockets=NamespaceSockets({"other-id": ()}, 1.0)), 99.0, ("namespace_sockets",)),
        (replace(SAMPLE, namespace_sockets=None), 1.0, ("namespace_sockets",)),
    ],
    ids=["a moment ago", "hidden", "hidden before the clock was set back", "read", "another's", "not looked into"],
)
def test_namespaces_that_cannot_be_read_are_said(sample: KernelSample, age: float, suspended: tuple[str, ...]) -> None:
    host = Host(details(publishes("web", "8080:80"), started=NOW - age))
    assert host.look(0.0, replace(sample, reserved_ports=())).evaluation.missing == suspended


def test_where_no_namespace_matters_none_is_missed() -> None:
    assert (
        Host(runs("web"), runs("top", network="host")).look(0.0, replace(SAMPLE, reserved_ports=())).evaluation.missing
        == ()
    )


def test_what_the_kernel_refused_is_remembered() -> None:
    host = Host(runs("web", network="host"))
    host.kernel.answer = {}
    refused = RefusedBind(9, "web-id", 1, 100, "web", "tcp", "0.0.0.0", 8080, NOW)
    assert host.found(0.0, listening(*NGINX), refused) == {("host_bind_failed", "nginx")}
    assert host.found(60.0, listening(*NGINX)) == {("host_bind_failed", "nginx")}
    assert host.found(61.0) == set()
