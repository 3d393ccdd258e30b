"""A NAT evaluator at moments one after another."""

import pytest

from exporter.core.findings.evaluator import Evaluation
from exporter.core.findings.rule import Rule
from exporter.core.model.docker import Inventory
from exporter.core.model.memo import IdentityMemo
from exporter.core.nat.context import NatContext
from exporter.core.nat.evaluator import NatEvaluator, NatState
from exporter.core.nat.expected import Expected, expected
from exporter.core.nat.reading import NatReading
from exporter.core.nat.rules import NAT_RULES
from tests.support import nat_hosts
from tests.support.nat_hosts import OLD, Host

LOST = OLD.without(OLD.prerouting(), "-m addrtype --dst-type LOCAL")
NOTHING = NatReading(nft=None)
every_host = pytest.mark.parametrize("host", nat_hosts.hosts(), ids=str)


class Moments:
    """An evaluator that gets readings of one topology, at moments of the test's."""

    def __init__(self, host: Host, rules: tuple[Rule[NatContext], ...] = NAT_RULES) -> None:
        self.evaluator = NatEvaluator(rules)
        self.topology = host.topology()
        self.now = 0.0
        self._expected = IdentityMemo(_expected)

    def look(self, reading: NatReading | None, later: float = 0.0, **state: object) -> Evaluation:
        """Evaluate a reading, so many seconds later."""
        self.now += later
        inventory = self.topology.inventory
        return self.evaluator.evaluate(inventory, self._expected(inventory), NatState(reading, **state), self.now)  # type: ignore[arg-type]


def _expected(inventory: Inventory) -> Expected:
    return expected(inventory)


def kinds(found: Evaluation) -> list[str]:
    return [drift.kind for drift in found.findings]
