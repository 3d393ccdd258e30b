"""The host's uplinks and the bridges of Docker's networks: state, addresses, MTU."""

from collections.abc import Iterable, Iterator

from exporter.core.history.change import BRIDGE_CHANGED, UPLINK_CHANGED, Change, joined
from exporter.core.model.docker import Link
from exporter.core.model.kernel_sample import Devices
from exporter.core.topology.topology import Topology

LINK_LOCAL = "fe80:"
GONE, NO_ROUTE = "gone", "no route out of the host"


class DeviceChanges:
    """Compares devices from one topology to the next. Not thread-safe."""

    def __init__(self) -> None:
        self._uplinks: dict[str, str] | None = None
        self._bridges: dict[str, str] = {}  # network id -> state

    def update(self, topology: Topology) -> Iterator[Change]:
        """Yield what changed; nothing while the engine's devices are in a namespace that is not visible."""
        if not topology.host_netns_visible:
            return
        yield from self._uplink_changes(topology)
        yield from self._bridge_changes(topology)

    def _uplink_changes(self, topology: Topology) -> Iterator[Change]:
        """A bridge of Docker with a route to a gateway, such as a container's VPN, is listed as a bridge only."""
        old, devices = self._uplinks, topology.devices
        bridges = {bridge.link.name for bridge in topology.bridges}
        links = (link for link in topology.uplinks if link.name not in bridges)
        new = self._uplinks = {link.name: _state(link, devices, carrier=True) for link in links}
        if old is None:
            return
        existing = {link.name for link in devices.links.values()}
        for name in dict.fromkeys((*old, *new)):
            absent = NO_ROUTE if name in existing else GONE
            before, after = old.get(name, ""), new.get(name, absent)
            if before != after:
                yield Change(UPLINK_CHANGED, name, before, after)

    def _bridge_changes(self, topology: Topology) -> Iterator[Change]:
        """A bridge comes and goes with its network, which is not listed here."""
        present = {bridge.network.id: bridge for bridge in topology.bridges}
        networks = topology.inventory.networks
        for network_id in [key for key in self._bridges if key not in networks]:
            del self._bridges[network_id]
        for network_id, network in networks.items():
            bridge, before = present.get(network_id), self._bridges.get(network_id)
            if bridge is None and before is None:
                continue
            # The carrier of a bridge is that of its ports: it comes with the first container.
            after = _state(bridge.link, topology.devices, carrier=False) if bridge else GONE
            self._bridges[network_id] = after
            if before is not None and before != after:
                yield Change(BRIDGE_CHANGED, network.bridge, before, after, network=network.name)


def _state(link: Link, devices: Devices, *, carrier: bool) -> str:
    up = "down" if not link.up else "no carrier" if carrier and not link.carrier else "up"
    return joined([up, *_addresses(devices.addresses.get(link.name, ())), f"mtu {link.mtu}"])


def _addresses(addresses: Iterable[str]) -> list[str]:
    """Without those of the link, which the kernel makes itself some time after the device."""
    return sorted(address for address in addresses if not address.startswith(LINK_LOCAL))
