"""Judge the rules of one moment after another. A walk is made only when something that it depends on has changed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from operator import is_

from exporter.core.findings.persistence import Standing
from exporter.core.model.sockets import DOCKER_PROXY, HostSockets
from exporter.core.nat.context import NatScene, StuckFlow
from exporter.core.nat.drift import NatDrift
from exporter.core.nat.expected import Expected, expected
from exporter.core.nat.layout import layout_of
from exporter.core.nat.reading import NatReading
from exporter.core.nat.rules import (
    duplicate_dnat,
    forward_drop,
    forwarding_off,
    isolation_lost,
    missing_chain,
    missing_dnat,
    missing_jump,
    missing_masquerade,
    stale_conntrack,
    stale_dnat,
    two_backends,
    unreachable_jump,
    wrong_dnat,
)
from exporter.core.nat.ruleset import DST, FAMILIES, UNEQUAL, Ruleset
from exporter.core.topology.topology import Topology

# To add a kind: its file, and a line here.
NAT_RULES: tuple[tuple[str, Callable[[NatScene], Iterator[NatDrift]]], ...] = (
    (missing_dnat.KIND, missing_dnat.check),
    (wrong_dnat.KIND, wrong_dnat.check),
    (stale_dnat.KIND, stale_dnat.check),
    (duplicate_dnat.KIND, duplicate_dnat.check),
    (missing_jump.KIND, missing_jump.check),
    (unreachable_jump.KIND, unreachable_jump.check),
    (missing_chain.KIND, missing_chain.check),
    (missing_masquerade.KIND, missing_masquerade.check),
    (forward_drop.KIND, forward_drop.check),
    (isolation_lost.KIND, isolation_lost.check),
    (forwarding_off.KIND, forwarding_off.check),
    (two_backends.KIND, two_backends.check),
    (stale_conntrack.KIND, stale_conntrack.check),
)
NAT_KINDS = tuple(kind for kind, _ in NAT_RULES)
# A firewall's reload takes its rules away for up to 3.3 s; the second look is another reading.
GRACE = 10.0
ENGINE, HOST_NETWORK, NAT, NO_RULES = "engine", "host_network", "nat", "no_docker_rules"
OFF = "none"


@dataclass(frozen=True, slots=True)
class NatJudgement:
    """`drifts` have stood for long enough, `pending` that there are others; `suspended` is why nothing is judged.

    `backend` and `userland_proxy` ('true', 'false') are as read from the rules, and stay known after a flush.
    """

    drifts: tuple[NatDrift, ...] = ()
    judged: tuple[str, ...] = ()
    suspended: tuple[str, ...] = ()
    pending: bool = False
    backend: str = ""
    userland_proxy: str = ""
    expected: Expected = field(default_factory=Expected)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is judged, beside the topology: None is what could not be read."""

    reading: NatReading | None = None
    sockets: HostSockets | None = None
    stuck: tuple[StuckFlow, ...] = ()
    in_host_network: bool = True


class NatJudge:
    """Told of each observation, in their order."""

    def __init__(self) -> None:
        self._standing = Standing()
        self._families: frozenset[str] = frozenset()
        self._known = NatJudgement()
        self._looked: tuple[tuple[object, ...], tuple[object, ...]] = ((), ())
        self._found: tuple[NatDrift, ...] = ()
        self._expected: tuple[Topology | None, Expected] = (None, Expected())

    def expect(self, topology: Topology) -> Expected:
        """Return what must be there; made once for each topology."""
        if self._expected[0] is not topology:
            self._expected = topology, expected(topology.inventory)
        return self._expected[1]

    def judge(self, topology: Topology, evidence: Evidence, now: float) -> NatJudgement:
        """Judge this moment; `now` counts seconds from anywhere, always upwards."""
        wanted = self.expect(topology)
        reading = evidence.reading
        if reading is not None:
            self._learn(reading)
        suspended = tuple(self._suspended(topology, evidence))
        if suspended or reading is None:
            self._standing.update((), now)  # what happens meanwhile is not seen
            return replace(self._known, suspended=suspended, expected=wanted)
        self._look(wanted, reading, evidence)
        stood = self._standing.update(self._found, now)
        drifts = tuple(drift for drift in self._found if stood[drift] >= GRACE)
        pending = len(drifts) < len(self._found)
        return replace(self._known, drifts=drifts, judged=NAT_KINDS, pending=pending, expected=wanted)

    def _look(self, wanted: Expected, reading: NatReading, evidence: Evidence) -> None:
        held = None if evidence.sockets is None else proxied(evidence.sockets)
        # The large ones are the same objects while they did not change.
        large, small = (wanted, reading.nft, reading.legacy), (reading.forwarding, held, evidence.stuck)
        if len(self._looked[0]) != len(large) or not all(map(is_, large, self._looked[0])) or small != self._looked[1]:
            self._looked = large, small
            families = self._families & wanted.families
            scene = NatScene(wanted, reading, families, held, evidence.stuck, self._known.backend)
            self._found = tuple(dict.fromkeys(drift for _, check in NAT_RULES for drift in check(scene)))

    def _learn(self, reading: NatReading) -> None:
        docker = reading.docker
        if docker is not None:
            self._families |= _families(docker)
            proxy = _userland_proxy(docker) or self._known.userland_proxy
            self._known = replace(self._known, backend=reading.backend, userland_proxy=proxy)

    def _suspended(self, topology: Topology, evidence: Evidence) -> Iterator[str]:
        """An engine that writes no rules looks like one whose rules were flushed before this program started."""
        inventory = topology.inventory
        if not inventory.connected:
            yield ENGINE
        if not evidence.in_host_network:
            yield HOST_NETWORK
        if evidence.reading is None:
            yield NAT
        elif not self._families or (inventory.engine is not None and inventory.engine.firewall_driver == OFF):
            yield NO_RULES


def _families(docker: Ruleset) -> frozenset[str]:
    layout = layout_of(docker)
    return frozenset(family for family in FAMILIES if layout.nat_place(family, layout.entry) in docker.chains)


def proxied(sockets: HostSockets) -> frozenset[tuple[str, int]]:
    """Return the protocols and ports that docker-proxies hold."""
    return frozenset(
        (listener.socket.protocol, listener.socket.port)
        for listener in sockets.listeners
        if listener.owner.kind == DOCKER_PROXY
    )


def _userland_proxy(docker: Ruleset) -> str:
    """With the proxy, the host's own loopback is left out of what is translated."""
    layout = layout_of(docker)
    for family in FAMILIES:
        for rule in docker.chains.get(layout.nat_place(family, layout.output), ()):
            if rule.to == layout.entry:
                return "true" if rule.value(DST, UNEQUAL) else "false"
    return ""
