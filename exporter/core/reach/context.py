"""The host of one question: what was observed, and the namespaces as they are visited for it."""

from collections.abc import Iterable, Iterator
from ipaddress import ip_address, ip_network

from msgspec.structs import replace

from exporter.core.explain.code import words_of
from exporter.core.model.docker import Container, Endpoint, Network
from exporter.core.nat.context import NatContext
from exporter.core.nat.ruleset import FAMILIES, NETDEV, Ruleset
from exporter.core.nat.walk.firewall import Firewall
from exporter.core.observation import Observation
from exporter.core.reach.namespace_rules import inside_of_view, restricted
from exporter.core.reach.view import FILES, Device, NamespaceView, Visit, Visited

HOST_MODE, NO_MODE, DEFAULT_NETWORK = "host", "none", "bridge"
MAX_SEARCHED = 32  # namespaces that are visited in search of an address


class ReachContext:
    """One question's view of the host; each namespace is visited once, when it is needed."""

    def __init__(self, observation: Observation, visit: Visit) -> None:
        self.observation = observation
        self.inventory = observation.topology.inventory
        self.networks = {network.id: network for network in self.inventory.networks.values()}
        self.words = words_of(self.inventory.engine)
        self._visit = visit
        self._visited: dict[str, Visited] = {}
        self._nat: NatContext | None = None

    @property
    def engine_version(self) -> tuple[int, ...]:
        """Major and minor version of the engine, empty where it is not known."""
        engine = self.inventory.engine
        return tuple(int(part) for part in (engine.version if engine else "").split(".")[:2] if part.isdecimal())

    def home(self, container: Container) -> Container:
        """Return the container whose namespace a container uses: its own, or that of `--network container:X`."""
        return self.inventory.containers.get(container.network_owner, container)

    def visited(self, container: Container) -> Visited:
        """Return the namespace of a container; of one in host mode the host's, with the container's files."""
        home = self.home(container)
        if home.id not in self._visited:
            found = self._visit(home)
            if home.network_mode == HOST_MODE:
                found = replace(self.host, view=_with_files(self.host.view, found.view))
            self._visited[home.id] = found
        return self._visited[home.id]

    @property
    def host(self) -> Visited:
        """The host's namespace."""
        if "" not in self._visited:
            self._visited[""] = self._visit(None)
        return self._visited[""]

    @property
    def nat(self) -> NatContext | None:
        """The host's rules; None where they could not be read."""
        found = self.observation.nat
        if self._nat is None and found is not None and found.reading is not None:
            self._nat = NatContext(found.expected, found.reading, frozenset(FAMILIES), backend=found.backend)
        return self._nat

    def host_firewall(self, devices: Iterable[str], *, bridged: bool = False) -> Firewall | None:
        """Return the host's rules that packets on these devices meet; None where they could not be read.

        `bridged`: those of the families bridge and netdev alone.
        """
        nat = self.nat
        if nat is None:
            return None
        rulesets = [walker.ruleset for walker in nat.firewall.walkers]
        if not bridged and not any(base for rules in rulesets for base in rules.bases if base[0] == NETDEV):
            return nat.firewall
        names = frozenset(devices)
        return Firewall([restricted(rules, names, bridged=bridged) for rules in rulesets], nat.firewall.inside)

    def firewall_of(self, view: NamespaceView) -> Firewall:
        """Return the rules of a container's own namespace."""
        return Firewall(view.rulesets or (Ruleset(),), inside_of_view(view))

    def owner_of(self, address: str, network: Network | None = None) -> tuple[Container, Endpoint] | None:
        """Return who has an address by Docker's account, on this network first."""
        found = [
            (container, endpoint)
            for container in self.inventory.containers.values()
            if container.live
            for endpoint in container.endpoints
            if address in (endpoint.ip_address, endpoint.ip6_address)
        ]
        here = [pair for pair in found if network is not None and pair[1].network_id == network.id]
        return next(iter((*here, *found)), None)

    def members(self, network: Network) -> Iterator[Container]:
        """Yield the live containers on a network."""
        for container in self.inventory.containers.values():
            if container.live and any(endpoint.network_id == network.id for endpoint in container.endpoints):
                yield container

    def holder_of(self, address: str, network: Network) -> Container | None:
        """Return the container on a network that has an address which Docker did not give it."""
        for number, container in enumerate(self.members(network)):
            if number < MAX_SEARCHED and self.visited(container).view.device_of(address):
                return container
        return None

    def network_of(self, container: Container, device: Device) -> Network | None:
        """Return the network of a container's device: by the endpoint's address, else by its MAC address."""
        endpoints = self.home(container).endpoints
        for endpoint in endpoints:
            if not {endpoint.ip_address, endpoint.ip6_address}.isdisjoint({*device.addresses} - {""}):
                return self.networks.get(endpoint.network_id)
        same = (e for e in endpoints if e.mac_address and e.mac_address == device.link.mac_address)
        return next((self.networks.get(endpoint.network_id) for endpoint in same), None)

    def network_with(self, address: str) -> Network | None:
        """Return the bridge network whose subnet has an address."""
        return next((n for n in self.networks.values() if n.bridge and in_subnet(n, address)), None)

    def network_of_bridge(self, name: str) -> Network | None:
        """Return the network of a bridge."""
        return next((network for network in self.networks.values() if network.bridge and network.bridge == name), None)


def _with_files(host: NamespaceView, own: NamespaceView) -> NamespaceView:
    """The host's namespace with the files and the cgroup of a container in it."""
    unread = (*host.unread, *(one for one in own.unread if one.part == FILES))
    return replace(host, hosts=own.hosts, resolv_conf=own.resolv_conf, programs=own.programs, unread=unread)


def in_subnet(network: Network, address: str) -> bool:
    """Whether an address is in one of a network's subnets."""
    return any(s.subnet and ip_address(address) in ip_network(s.subnet, strict=False) for s in network.subnets)
