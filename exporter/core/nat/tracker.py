"""All that is known of NAT at one moment: rules counted, packets summed, drift judged, connections by container."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain
from operator import is_

from exporter.core.findings.evaluator import Evaluation
from exporter.core.model.docker import Inventory
from exporter.core.model.memo import IdentityMemo
from exporter.core.model.sockets import HostSockets
from exporter.core.nat.attribution import Attribution
from exporter.core.nat.evaluator import NatEvaluator, NatState
from exporter.core.nat.expected import Expected, expected
from exporter.core.nat.flows import FlowCounts, Flows, count_flows
from exporter.core.nat.ledger import DROP, MASQUERADE, PORT, NatLedger, Series
from exporter.core.nat.published_history import PortMemory
from exporter.core.nat.reading import NatReading
from exporter.core.nat.redirects import Redirect, redirects
from exporter.core.nat.rule_counts import RuleCounts, count
from exporter.core.nat.ruleset import Ruleset
from exporter.core.topology.topology import Topology


@dataclass(frozen=True, slots=True)
class Sums:
    """Packets by series, and when each series began (Unix time)."""

    counts: Mapping[Series, int] = field(default_factory=dict)
    began: Mapping[Series, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NatView:
    """`reading` is None where rules could not be read, `flows` where connections could not.

    `connections`: (container, protocol, host port). `masquerades`: (network). `drops`: (network, reason). `redirects`
    are the host's ports that DNAT rules take elsewhere, the same object while no rule changed.
    """

    reading: NatReading | None = None
    counts: RuleCounts = field(default_factory=RuleCounts)
    evaluation: Evaluation = field(default_factory=Evaluation)
    expected: Expected = field(default_factory=Expected)
    backend: str = ""
    userland_proxy: str = ""
    connections: Sums = field(default_factory=Sums)
    masquerades: Sums = field(default_factory=Sums)
    drops: Sums = field(default_factory=Sums)
    flows: FlowCounts | None = None
    flows_age: float = 0.0
    redirects: tuple[Redirect, ...] | None = None


@dataclass(frozen=True, slots=True)
class NatSample:
    """What the kernel said: rules, connections with the age of that reading; None is what could not be read."""

    reading: NatReading | None = None
    flows: Flows | None = None
    flows_age: float = 0.0


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What else a judgement needs: the clocks, who holds the ports (None if unknown), and where this program is.

    `time` is Unix time, `monotonic` counts seconds from anywhere. `here`: the readings are of the network namespace of
    Docker's bridges.
    """

    time: float
    monotonic: float
    here: bool = True
    sockets: HostSockets | None = None


class NatBook:
    """Told of each inventory and of each observation, in their order."""

    def __init__(self) -> None:
        self._evaluator = NatEvaluator()
        self._expect = IdentityMemo(expected)
        self._ledger = NatLedger()
        self._memory = PortMemory()
        self._attribution = Attribution(Expected(), self._memory)
        self._expected: Expected | None = None
        self._counted: tuple[Ruleset | None, Expected | None, RuleCounts] = (None, None, RuleCounts())
        self._flows: tuple[Flows | None, Expected | None, FlowCounts] = (None, None, FlowCounts())
        self._redirects: tuple[tuple[Ruleset, ...], Expected | None, tuple[Redirect, ...]] = ((), None, ())

    def follow(self, inventory: Inventory) -> None:
        """Take an inventory: a port may be published and gone between two observations."""
        self._memory.follow(inventory)

    def expected(self, topology: Topology) -> Expected:
        """Return what Docker must have programmed."""
        return self._expect(topology.inventory)

    def observe(self, topology: Topology, sample: NatSample, surroundings: Surroundings) -> NatView:
        """Take one moment. Rules of another network namespace than Docker's are none of these."""
        if not surroundings.here:
            sample = NatSample()
        expected = self._expect(topology.inventory)
        if expected is not self._expected:
            self._expected = expected
            self._attribution = Attribution(expected, self._memory)
            self._ledger.claim(self._attribution.series)
            self._forget(topology)
        if sample.reading is not None:
            self._ledger.read(sample.reading, self._attribution.series, surroundings.time)
        flows = self._count_flows(topology, sample, expected)
        stuck = flows.stuck if flows else ()
        state = NatState(sample.reading, surroundings.sockets, stuck, host_netns_visible=surroundings.here)
        evaluation = self._evaluator.evaluate(topology.inventory, expected, state, surroundings.monotonic)
        return NatView(
            reading=sample.reading,
            counts=self._count(sample.reading, expected),
            evaluation=evaluation,
            expected=expected,
            backend=self._evaluator.backend,
            userland_proxy=self._evaluator.userland_proxy,
            connections=self._sums(PORT),
            masquerades=self._sums(MASQUERADE),
            drops=self._sums(DROP),
            flows=flows,
            flows_age=sample.flows_age,
            redirects=self._redirect(sample.reading, expected),
        )

    def _sums(self, kind: str) -> Sums:
        return Sums(self._ledger.sums(kind), self._ledger.began(kind))

    def _count(self, reading: NatReading | None, expected: Expected) -> RuleCounts:
        """Count once for each ruleset and topology."""
        rules = reading.docker or reading.nft or reading.legacy if reading else None
        if rules is None:
            return RuleCounts()
        if self._counted[0] is not rules or self._counted[1] is not expected:
            self._counted = rules, expected, count(rules, self._attribution)
        return self._counted[2]

    def _redirect(self, reading: NatReading | None, expected: Expected) -> tuple[Redirect, ...] | None:
        if reading is None:
            return None
        both = tuple(rules for rules in (reading.nft, reading.legacy) if rules is not None)
        same = len(both) == len(self._redirects[0]) and all(map(is_, both, self._redirects[0]))
        if not same or self._redirects[1] is not expected:
            found = tuple(redirect for rules in both for redirect in redirects(rules, expected))
            self._redirects = both, expected, found if found != self._redirects[2] else self._redirects[2]
        return self._redirects[2]

    def _count_flows(self, topology: Topology, sample: NatSample, expected: Expected) -> FlowCounts | None:
        if sample.flows is None:
            return None
        if self._flows[0] is not sample.flows or self._flows[1] is not expected:
            local = frozenset(chain.from_iterable(topology.devices.addresses.values()))
            self._flows = sample.flows, expected, count_flows(sample.flows, expected, local)
        return self._flows[2]

    def _forget(self, topology: Topology) -> None:
        inventory = topology.inventory
        names = {container.name for container in inventory.containers.values()}
        names |= {network.name for network in inventory.networks.values()}
        if inventory.connected:
            self._ledger.forget(lambda series: series[1] not in names)
