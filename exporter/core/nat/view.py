"""What is read of NAT at one moment, and what is derived from it."""

from collections.abc import Mapping

from msgspec import Struct, field

from exporter.core.findings.evaluator import Evaluation
from exporter.core.nat.engine_options import EngineOptions
from exporter.core.nat.expected import Expected
from exporter.core.nat.flows import FlowCounts, Flows
from exporter.core.nat.ledger import Series
from exporter.core.nat.reading import NatReading
from exporter.core.nat.redirects import Redirect
from exporter.core.nat.rule_counts import RuleCounts


class NatSample(Struct, frozen=True):
    """Rules, and connections with the age of that reading in seconds; None is what could not be read."""

    reading: NatReading | None = None
    flows: Flows | None = None
    flows_age: float = 0.0
    options: EngineOptions | None = None


class CounterTotals(Struct, frozen=True):
    """Packets by series, and when each series was created (Unix time)."""

    counts: Mapping[Series, int] = field(default_factory=dict)
    created: Mapping[Series, float] = field(default_factory=dict)


class NatView(Struct, frozen=True):
    """`reading` is None where rules could not be read, `flows` where connections could not.

    `backend` and `userland_proxy` ('true', 'false') are as last read from the rules, '' if never. `connections`:
    (container, protocol, host port). `masquerades`: (network). `drops`: (network, reason). `redirects` are the host's
    ports that DNAT rules redirect, the same object while no rule changed.
    """

    reading: NatReading | None = None
    counts: RuleCounts = field(default_factory=RuleCounts)
    evaluation: Evaluation = field(default_factory=Evaluation)
    expected: Expected = field(default_factory=Expected)
    backend: str = ""
    userland_proxy: str = ""
    connections: CounterTotals = field(default_factory=CounterTotals)
    masquerades: CounterTotals = field(default_factory=CounterTotals)
    drops: CounterTotals = field(default_factory=CounterTotals)
    flows: FlowCounts | None = None
    flows_age: float = 0.0
    redirects: tuple[Redirect, ...] | None = None
