"""How often an endpoint came back with another address: clients that kept the old one cannot reach it."""

from msgspec import Struct

from exporter.core.model.bounded_dict import BoundedDict
from exporter.core.model.docker import Inventory

MAX_GONE = 4096

Name = tuple[str, str]  # container, network


class KnownAddresses(Struct, frozen=True):
    """The last addresses, and how often they differed from those before."""

    ip_address: str = ""
    ip6_address: str = ""
    changes: int = 0


class AddressChanges:
    """Keyed by the names of container and network: counts go on over restarts, reconnects and recreations."""

    def __init__(self) -> None:
        self._known: BoundedDict[Name, KnownAddresses] = BoundedDict(MAX_GONE)

    def follow(self, inventory: Inventory) -> None:
        """Take the addresses of live endpoints; one without an address yet changes nothing."""
        live = [c for c in inventory.containers.values() if c.live]
        self._known.resize(MAX_GONE + sum(len(container.endpoints) for container in live))
        for container in live:
            for endpoint in container.endpoints:
                if endpoint.ip_address or endpoint.ip6_address:
                    name = container.name, endpoint.network
                    known = self._known.get(name, KnownAddresses())
                    self._known[name] = _after(known, endpoint.ip_address, endpoint.ip6_address)

    def counts(self, inventory: Inventory) -> dict[Name, int]:
        """Return (container, network) -> changes of live endpoints, by name."""
        live = sorted(
            (container.name, endpoint.network)
            for container in inventory.containers.values()
            if container.live
            for endpoint in container.endpoints
        )
        return {name: self._known[name].changes for name in live if name in self._known}


def _after(known: KnownAddresses, ip_address: str, ip6_address: str) -> KnownAddresses:
    now = ip_address or known.ip_address, ip6_address or known.ip6_address
    before = known.ip_address, known.ip6_address
    changed = any(old and old != new for old, new in zip(before, now, strict=True))
    return KnownAddresses(*now, known.changes + changed)
