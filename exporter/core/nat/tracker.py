"""All of NAT at one moment after another: what must be there, what is, its findings and its totals."""

from collections.abc import Mapping
from itertools import chain

from exporter.core.model.docker import Inventory
from exporter.core.model.kernel_sample import Devices
from exporter.core.model.memo import IdentityMemo, keep_equal
from exporter.core.model.sockets import HostSockets, ProxyUse
from exporter.core.nat.evaluator import NatEvaluator, NatState
from exporter.core.nat.expected import Expected, expected
from exporter.core.nat.flows import FlowCounts, Flows, count_flows
from exporter.core.nat.ledger import DROP, MASQUERADE, PORT
from exporter.core.nat.packet import Inside
from exporter.core.nat.redirects import Redirect, redirects
from exporter.core.nat.rule_counts import RuleCounts, count
from exporter.core.nat.ruleset import Ruleset
from exporter.core.nat.totals import NatTotals
from exporter.core.nat.view import NatSample, NatView
from exporter.core.nat.walk.inside import inside_of
from exporter.core.topology.topology import Topology


class NatTracker:
    """Takes each inventory and each observation, in their order. Not thread-safe."""

    def __init__(self) -> None:
        self._expected = IdentityMemo(expected)
        self._describe = IdentityMemo(_inside)
        self._inside = Inside()
        self._totals = NatTotals()
        self._evaluator = NatEvaluator()
        self._count_rules = IdentityMemo(count)
        self._count_flows = IdentityMemo(_count_flows)
        self._find_redirects = IdentityMemo(_redirects)
        self._redirects: tuple[Redirect, ...] = ()

    def update_inventory(self, inventory: Inventory) -> None:
        """Take an inventory: a port may be published and gone between two observations."""
        self._totals.update_inventory(inventory)

    def expected(self, topology: Topology) -> Expected:
        """Return what Docker must have programmed."""
        self._inside = keep_equal(self._inside, self._describe(topology.inventory, topology.devices))
        return self._expected(topology.inventory, self._inside)

    def observe(
        self,
        topology: Topology,
        sample: NatSample,
        sockets: HostSockets | None,
        now: float,
        clock: float,
        proxies: Mapping[str, ProxyUse] | None = None,
    ) -> NatView:
        """Take one moment; a sample of another network namespace than Docker's is not used.

        `sockets` and `proxies` are None where not read. `now` is Unix time, `clock` is in seconds from any origin and
        never decreases.
        """
        inventory, visible = topology.inventory, topology.host_netns_visible
        sample = sample if visible else NatSample()
        reading, wanted = sample.reading, self.expected(topology)
        self._totals.update(inventory, wanted, reading, now)
        rules = reading.docker or reading.nft or reading.legacy if reading else None
        flows = self._count_flows(sample.flows, wanted, topology.devices.addresses) if sample.flows else None
        stale = flows.stale if flows else ()
        state = NatState(reading, sockets, stale, host_netns_visible=visible, options=sample.options, proxies=proxies)
        evaluation = self._evaluator.evaluate(inventory, wanted, state, clock)
        if reading is not None:
            found = self._find_redirects(reading.nft, reading.legacy, wanted)
            self._redirects = keep_equal(self._redirects, found)
        return NatView(
            reading=reading,
            counts=RuleCounts() if rules is None else self._count_rules(rules, self._totals.attribution),
            evaluation=evaluation,
            expected=wanted,
            backend=self._evaluator.backend,
            userland_proxy=self._evaluator.userland_proxy,
            connections=self._totals.of_kind(PORT),
            masquerades=self._totals.of_kind(MASQUERADE),
            drops=self._totals.of_kind(DROP),
            flows=flows,
            flows_age=sample.flows_age,
            redirects=None if reading is None else self._redirects,
        )


def _inside(inventory: Inventory, devices: Devices) -> Inside:
    return inside_of(inventory.networks.values(), devices)


def _count_flows(flows: Flows, wanted: Expected, addresses: Mapping[str, tuple[str, ...]]) -> FlowCounts:
    return count_flows(flows, wanted, frozenset(chain.from_iterable(addresses.values())))


def _redirects(nft: Ruleset | None, legacy: Ruleset | None, wanted: Expected) -> tuple[Redirect, ...]:
    return tuple(found for rules in (nft, legacy) if rules is not None for found in redirects(rules, wanted))
