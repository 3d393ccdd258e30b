"""The NAT of a private host as the exporter judges it, at moments of the caller's own."""

import contextlib
from types import TracebackType
from typing import Self

from exporter.core.findings.finding import Finding
from exporter.core.model.sockets import DOCKER_PROXY, HostSockets, Listener, ListeningSocket, Owner
from exporter.core.nat.tracker import NatBook, NatView, Surroundings
from exporter.core.topology.topology import Topology
from exporter.kernel.nat.source import NatSource
from tests.support.live.watched import PROC, Watched
from tests.support.private_host.host import PrivateHost
from tests.support.waiting import until

LONG = 1000.0
Found = tuple[str, str, str, str, str]  # kind, severity, network, container, host port


class NatWatched:
    """Follows the rules from the start: what an engine has written once is missed when it is gone."""

    def __init__(self, host: PrivateHost) -> None:
        self.host = host
        self.watched = Watched(host)
        with host.netns():
            self.source = NatSource(PROC)
            self.source.start()
        self._book = NatBook()
        self._now = 0.0
        self.proxied: tuple[tuple[str, int], ...] = ()
        self.look()

    def topology(self) -> Topology:
        """What is there now."""
        return self.watched.topology()

    def look(self, later: float = 0.0) -> NatView:
        """Read and judge, so many seconds after the last look."""
        self._now += later
        topology = self.topology()
        self._book.follow(topology.inventory)
        with self.host.netns():
            sample, _ = self.source.read(bridge.link.name for bridge in topology.bridges)
        assert sample.reading is not None, "the rules could not be read"
        sockets = HostSockets(tuple(_proxy(*port) for port in self.proxied))
        return self._book.observe(topology, sample, Surroundings(self._now, self._now, here=True, sockets=sockets))

    def drifts(self) -> tuple[Finding, ...]:
        """What is found when all that is seen now has stood for long."""
        self.look(LONG)
        evaluation = self.look(LONG).evaluation
        assert evaluation.missing == ()
        return evaluation.findings

    def found(self) -> set[Found]:
        """The findings, as short as they can be told apart."""
        return {
            (d.kind, d.severity, d.labels["network"], d.labels["container"], d.labels["host_port"])
            for d in self.drifts()
        }

    def finds(self, *wanted: Found) -> None:
        """Wait until exactly these are found."""
        with contextlib.suppress(TimeoutError):
            until(lambda: self.found() == set(wanted), 60, "what was planted")
        assert self.found() == set(wanted), self.drifts()

    def run(self, *commands: str) -> None:
        """Run shell commands in the host."""
        for command in commands:
            self.host.run("sh", "-c", command)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.source.stop()
        self.watched.__exit__(kind, error, trace)


def _proxy(protocol: str, port: int) -> Listener:
    return Listener(ListeningSocket(protocol, "0.0.0.0", port), Owner(DOCKER_PROXY, "somebody"))
