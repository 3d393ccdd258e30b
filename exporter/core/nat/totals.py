"""Packets by published port, network and reason for a drop, over restarts, renames and removals."""

from exporter.core.model.docker import Inventory
from exporter.core.nat.attribution import Attribution
from exporter.core.nat.expected import Expected
from exporter.core.nat.ledger import NatLedger
from exporter.core.nat.published_history import PublishedHistory
from exporter.core.nat.reading import NatReading
from exporter.core.nat.view import CounterTotals


class NatTotals:
    """Takes each inventory and each reading, in their order. Not thread-safe.

    `attribution` is that of the last `Expected`, the same object while it is.
    """

    def __init__(self) -> None:
        self._ledger = NatLedger()
        self._history = PublishedHistory()
        self._expected = Expected()
        self.attribution = Attribution(self._expected, self._history)

    def update_inventory(self, inventory: Inventory) -> None:
        """Take an inventory: a port may be published and gone between two observations."""
        self._history.update_inventory(inventory)

    def update(self, inventory: Inventory, expected: Expected, reading: NatReading | None, now: float) -> None:
        """Take one moment; `now` is Unix time, at which new series are created."""
        if expected is not self._expected:
            self._expected = expected
            self.attribution = Attribution(expected, self._history)
            self._ledger.attribute(self.attribution.series)
            self._forget(inventory)
        if reading is not None:
            self._ledger.read(reading, self.attribution.series, now)

    def of_kind(self, kind: str) -> CounterTotals:
        """Return the totals of one kind of series."""
        return CounterTotals(self._ledger.totals(kind), self._ledger.created(kind))

    def _forget(self, inventory: Inventory) -> None:
        """Drop the series of removed containers and networks."""
        names = {container.name for container in inventory.containers.values()}
        names |= {network.name for network in inventory.networks.values()}
        if inventory.connected:
            self._ledger.forget(lambda series: series[1] not in names)
