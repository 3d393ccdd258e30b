"""How often a container came back with another address: clients that use the old one cannot reach it."""

from collections import OrderedDict
from dataclasses import dataclass

from exporter.core.model.docker import Inventory

# How many endpoints that are gone are remembered, should they come back.
REMEMBERED = 4096

Name = tuple[str, str]  # container, network


@dataclass(slots=True)
class Known:
    """The addresses last seen, and how often they were others than before."""

    ip_address: str = ""
    ip6_address: str = ""
    changes: int = 0


class AddressChanges:
    """Follows endpoints by the names of container and network, over restarts, reconnects and recreations."""

    def __init__(self) -> None:
        self._known: OrderedDict[Name, Known] = OrderedDict()

    def follow(self, inventory: Inventory) -> None:
        """Take the addresses of what lives now; an address that is not reported yet changes nothing."""
        for container in inventory.containers.values():
            for endpoint in container.endpoints if container.live else ():
                if not (endpoint.ip_address or endpoint.ip6_address):
                    continue
                name = container.name, endpoint.network
                known = self._known.setdefault(name, Known())
                self._known.move_to_end(name)
                now = endpoint.ip_address or known.ip_address, endpoint.ip6_address or known.ip6_address
                before = known.ip_address, known.ip6_address
                known.changes += any(old and old != new for old, new in zip(before, now, strict=True))
                known.ip_address, known.ip6_address = now

    def counts(self, inventory: Inventory) -> dict[Name, int]:
        """Return (container, network) -> changes of what lives now, by name; forget the oldest of the others."""
        live = sorted(
            (container.name, endpoint.network)
            for container in inventory.containers.values()
            if container.live
            for endpoint in container.endpoints
        )
        while len(self._known) > len(live) + REMEMBERED:
            self._known.popitem(last=False)
        return {name: self._known[name].changes for name in live if name in self._known}
