"""The host's uplinks and the bridges of Docker's networks: state, addresses, MTU."""

from collections.abc import Iterable, Iterator

from exporter.core.history.change import BRIDGE_CHANGED, UPLINK_CHANGED, Change, joined
from exporter.core.model.docker import Link
from exporter.core.model.kernel_sample import Devices
from exporter.core.topology.topology import Topology

LINK_LOCAL = "fe80:"
GONE_SECONDS = 5.0  # Docker reports that a network is removed after its bridge is gone
GONE, NO_ROUTE = "gone", "no route out of the host"


class DeviceChanges:
    """Compares devices from one topology to the next. Not thread-safe."""

    def __init__(self) -> None:
        self._uplinks: dict[str, str] | None = None
        self._bridges: dict[str, str] = {}  # network id -> state
        self._gone: dict[str, float] = {}  # network id -> since when its bridge is gone
        self._topology: Topology | None = None

    def update(self, topology: Topology, now: float) -> Iterator[Change]:
        """Yield what changed; nothing while the engine's devices are in a namespace that is not visible.

        `now` is Unix time.
        """
        if not topology.host_netns_visible or (topology is self._topology and not self._gone):
            return
        self._topology = topology
        yield from self._uplink_changes(topology)
        yield from self._bridge_changes(topology, now)

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

    def _bridge_changes(self, topology: Topology, now: float) -> Iterator[Change]:
        """A bridge comes and goes with its network, which is not listed here."""
        present = {bridge.network.id: bridge for bridge in topology.bridges}
        networks = topology.inventory.networks
        self._bridges = {key: state for key, state in self._bridges.items() if key in networks}
        self._gone = {key: self._gone.get(key, now) for key in self._bridges if key not in present}
        for network_id in dict.fromkeys((*present, *self._gone)):
            bridge, since = present.get(network_id), self._gone.get(network_id, now)
            if bridge is None and abs(now - since) < GONE_SECONDS:
                continue
            # The carrier of a bridge is that of its ports: it comes with the first container.
            after = _state(bridge.link, topology.devices, carrier=False) if bridge else GONE
            before = self._bridges.get(network_id, after)
            self._bridges[network_id] = after
            if before != after:
                network = networks[network_id]
                yield Change(BRIDGE_CHANGED, network.bridge, before, after, since, network=network.name)


def _state(link: Link, devices: Devices, *, carrier: bool) -> str:
    up = "down" if not link.up else "no carrier" if carrier and not link.carrier else "up"
    return joined([up, *_addresses(devices.addresses.get(link.name, ())), f"mtu {link.mtu}"])


def _addresses(addresses: Iterable[str]) -> list[str]:
    """Without those of the link, which the kernel makes itself some time after the device."""
    return sorted(address for address in addresses if not address.startswith(LINK_LOCAL))
