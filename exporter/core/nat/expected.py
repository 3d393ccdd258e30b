"""What Docker must have programmed: its networks' translations and its containers' published ports."""

from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from typing import Protocol

from msgspec import Struct, field

from exporter.core.model.container_details import PortBinding
from exporter.core.model.docker import Container, Inventory, Network
from exporter.core.model.kernel_sample import Devices
from exporter.core.nat.address_numbers import family_of, number_of
from exporter.core.nat.packet import Inside
from exporter.core.nat.ruleset import IP, IP6
from exporter.core.nat.walk.inside import inside_of
from exporter.core.topology.address_owners import AddressOwner, address_owners

ANY_ADDRESS = {IP: "0.0.0.0", IP6: "::"}
# From this version on an engine writes rules for IPv6 by default and supports gateway modes.
IP6TABLES_SINCE = 27
ONE_DROP_SINCE = 29
NAT_MODES = frozenset({"nat", "nat-unprotected"})


class TranslationTarget(Protocol):
    """The new destination of a translation: an address and a port, '' and 0 where they are kept."""

    @property
    def address(self) -> str:
        """The new address."""

    @property
    def port(self) -> int:
        """The new port."""


class ExpectedNetwork(Struct, frozen=True):
    """One subnet of a bridge network; `source` is an address in it, of a live endpoint where there is one."""

    network: Network
    family: str
    subnet: str
    mode: str
    masqueraded: bool
    source: int
    populated: bool


class ExpectedBinding(Struct, frozen=True):
    """A port in effect in one family: it must be forwarded to the container's port at one of `targets`."""

    container: str
    network: str
    family: str
    protocol: str
    host_ip: str  # '' is any
    host_port: int
    targets: tuple[str, ...]
    container_port: int

    @property
    def host_address(self) -> str:
        """The address as Docker writes it."""
        return self.host_ip or ANY_ADDRESS[self.family]

    def is_served_by(self, found: TranslationTarget) -> bool:
        """Whether a rule forwards to the container; a rule without a port keeps the host's."""
        return found.address in self.targets and (found.port or self.host_port) == self.container_port


class Expected(Struct, frozen=True):
    """All of it. `complete` when every bridge network's members are known: only then is an address known to be unused.

    `families` are those that an engine of this version writes rules for by default. `one_drop`: one rule drops both
    packets from other networks and packets to unpublished ports. `services`: by the port of the host that
    Swarm's routing mesh takes to them.
    """

    networks: tuple[ExpectedNetwork, ...] = ()
    bindings: tuple[ExpectedBinding, ...] = ()
    owners: Mapping[str, AddressOwner] = field(default_factory=dict)
    inside: Inside = field(default_factory=Inside)
    complete: bool = False
    families: frozenset[str] = frozenset({IP})
    one_drop: bool = False
    services: Mapping[int, str] = field(default_factory=dict)


def expected(inventory: Inventory, inside: Inside | None = None) -> Expected:
    """Return what must be there, for an engine of this version; `inside` is what the host's devices say."""
    known = address_owners(inventory)
    bridges = [network for network in inventory.networks.values() if network.bridge]
    modern = engine_major(inventory) >= IP6TABLES_SINCE
    return Expected(
        networks=tuple(_networks(bridges, known, modern=modern)),
        bindings=tuple(_bindings(inventory, known, modern=modern)),
        owners=known,
        inside=inside or inside_of(bridges, Devices()),
        complete=all(network.id in inventory.members for network in bridges),
        families=frozenset({IP, IP6} if modern else {IP}),
        one_drop=engine_major(inventory) >= ONE_DROP_SINCE,
        services={port.host_port: port.service for port in inventory.mesh_ports},
    )


def engine_major(inventory: Inventory) -> int:
    """Return the first number of the engine's version; 0 where it is not known."""
    text = (inventory.engine.version if inventory.engine else "").partition(".")[0]
    return int(text) if text.isdecimal() else 0


def _networks(bridges: list[Network], known: Mapping[str, AddressOwner], *, modern: bool) -> Iterator[ExpectedNetwork]:
    members: dict[tuple[str, str], str] = {}
    for address, owner in known.items():
        members.setdefault((owner.network, family_of(address)), address)
    for network in bridges:
        for subnet in network.subnets:
            family = family_of(subnet.subnet) if subnet.subnet else ""
            if family == IP or (family == IP6 and modern and network.ipv6):
                mode = (network.options.gateway_mode4, network.options.gateway_mode6)[family == IP6]
                mode = mode if modern else "nat"
                member = members.get((network.name, family))
                yield ExpectedNetwork(
                    network=network,
                    family=family,
                    subnet=subnet.subnet,
                    mode="internal" if network.internal else mode,
                    masqueraded=network.options.masquerade and mode in NAT_MODES and not network.internal,
                    source=number_of(member or _unused_address(subnet.subnet)),
                    populated=member is not None,
                )


def _unused_address(subnet: str) -> str:
    """The last but one: engines hand out the first ones first."""
    network = ip_network(subnet, strict=False)
    return str(network[max(-2, -network.num_addresses)])


def _bindings(inventory: Inventory, known: Mapping[str, AddressOwner], *, modern: bool) -> Iterator[ExpectedBinding]:
    addresses: dict[str, list[str]] = {}
    for address, owner in known.items():
        addresses.setdefault(owner.container_id, []).append(address)
    for container in inventory.containers.values():
        if container.live and container.details is not None:
            own = addresses.get(container.id, [])
            for binding in container.details.published:
                yield from _in_families(container, binding, own, known, modern=modern)


def _in_families(
    container: Container,
    binding: PortBinding,
    own: list[str],
    known: Mapping[str, AddressOwner],
    *,
    modern: bool,
) -> Iterator[ExpectedBinding]:
    """A binding of IPv6 has a rule only if the container has an address of it; docker-proxy serves it alone else."""
    families = (family_of(binding.host_ip),) if binding.host_ip else (IP, IP6)
    for family in families:
        targets = tuple(address for address in own if family_of(address) == family)
        if binding.host_port and targets and (family == IP or modern):
            yield ExpectedBinding(
                container=container.name,
                network=known[targets[0]].network,
                family=family,
                protocol=binding.protocol,
                host_ip="" if binding.host_ip in ANY_ADDRESS.values() else binding.host_ip,
                host_port=binding.host_port,
                targets=targets,
                container_port=binding.container_port,
            )
