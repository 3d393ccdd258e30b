"""What rules about connections evaluate."""

from collections.abc import Mapping

from msgspec import Struct, field

from exporter.core.connections.pair import Pair
from exporter.core.connections.port_use import PublishedPort
from exporter.core.connections.tries import Tries
from exporter.core.model.docker import Inventory


class ConnectionContext(Struct, frozen=True):
    """One moment, `now`: `unused_since` is since when a published port has had no connection.

    Both are in seconds from any origin. `tries` are of the pairs of which connects failed in the last minutes.
    """

    inventory: Inventory
    now: float = 0.0
    tries: Mapping[Pair, Tries] = field(default_factory=dict)
    unused_since: Mapping[PublishedPort, float] = field(default_factory=dict)
