"""What NAT rules evaluate: what is expected, what is there, and the walks through it that several rules need."""

from collections.abc import Iterator, Mapping
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

from exporter.core.model.sockets import PortKey
from exporter.core.nat.address_numbers import number_of, prefix_of
from exporter.core.nat.expected import Expected, ExpectedBinding, ExpectedNetwork
from exporter.core.nat.layout import IPTABLES, NATIVE, USER, Layout, layout_of
from exporter.core.nat.packet import OUTSIDE, Packet
from exporter.core.nat.reading import NFTABLES, NatReading
from exporter.core.nat.ruleset import GOTO, JUMP, Place, Rule, Ruleset
from exporter.core.nat.walk.firewall import Firewall
from exporter.core.nat.walk.outcome import Decision
from exporter.core.nat.walk.walker import Hit
from exporter.core.nat.walk.ways import Way, way_in, way_out

LOOPBACK_NET = "127."
ROUTED = "routed"


class StaleFlow(Struct, frozen=True):
    """A UDP flow to a published port that the connection table keeps from its container; addresses as text."""

    protocol: str
    host_port: int
    forwarded_to: str


class NatContext:
    """One moment. `proxied`: (protocol, port) that docker-proxy serves; None where sockets could not be read.

    `foreign` are the addresses that docker-proxies forward to and no container of this engine has.
    `families` are those that the engine writes rules for, `backend` is what wrote them when they were last read.
    """

    def __init__(
        self,
        expected: Expected,
        reading: NatReading,
        families: frozenset[str],
        proxied: frozenset[PortKey] | None = None,
        stale: tuple[StaleFlow, ...] = (),
        backend: str = "",
        foreign: frozenset[str] = frozenset(),
    ) -> None:
        self.expected = expected
        self.reading = reading
        self.families = families
        self.stale = stale
        self.foreign = foreign
        self._proxied = proxied or frozenset()
        docker = reading.docker
        # Rules that are all gone leave no layout to read: it is that of the backend.
        gone = NATIVE if backend == NFTABLES else IPTABLES
        self.layout: Layout = layout_of(docker) if docker is not None else gone
        rulesets = [rules for rules in (reading.nft, reading.legacy) if rules is not None] or [Ruleset()]
        self.firewall = Firewall(rulesets, expected.inside)
        place = rulesets.index(docker) if docker is not None else 0
        self.docker = self.firewall.walkers[place]
        self._ways: dict[tuple[ExpectedBinding, str], Way] = {}

    @property
    def forwarding(self) -> Mapping[str, bool]:
        """The sysctls of forwarding, by family and device."""
        return self.reading.forwarding

    def has(self, place: Place) -> bool:
        """Whether a chain of the engine's ruleset exists."""
        return place in self.docker.ruleset.chains

    def rules(self, place: Place) -> tuple[Rule, ...]:
        """Return the rules of a chain of the engine's ruleset."""
        return self.docker.ruleset.chains.get(place, ())

    def reachable(self, place: Place) -> Iterator[Rule]:
        """Yield the rules of a chain and of all chains reachable from it by jumps, regardless of conditions."""
        seen, waiting = {place}, [place]
        while waiting:
            for rule in self.rules(waiting.pop()):
                yield rule
                inner = rule.family, rule.table, rule.to
                if rule.target in (JUMP, GOTO) and inner not in seen:
                    seen.add(inner)
                    waiting.append(inner)

    def reaches(self, place: Place, to: str) -> bool:
        """Whether a chain jumps to another, directly or through chains that are not Docker's."""
        return any(rule.to == to and rule.target in (JUMP, GOTO) for rule in self.reachable(place))

    @cached_property
    def operators(self) -> frozenset[Place]:
        """The chains for operators' own filter rules: DOCKER-USER, and those that it jumps to."""
        found = set()
        for walker in self.firewall.walkers:
            for family, table, chain in walker.ruleset.chains:
                if chain == USER:
                    waiting = [(family, table, chain)]
                    while waiting:
                        place = waiting.pop()
                        found.add(place)
                        rules = walker.ruleset.chains.get(place, ())
                        inner = [(family, table, rule.to) for rule in rules if rule.target in (JUMP, GOTO)]
                        waiting += [one for one in inner if one not in found]
        return frozenset(found)

    def is_meant(self, decision: Decision) -> bool:
        """Whether an operator's rule decided so on purpose."""
        return decision.rule is not None and decision.rule.place in self.operators

    def serves(self, binding: ExpectedBinding) -> bool:
        """Whether docker-proxy holds the port, and passes on what is not translated."""
        return (binding.protocol, binding.host_port) in self._proxied

    @cached_property
    def proxies_all(self) -> bool:
        """Whether docker-proxy serves every published port."""
        return all(self.serves(binding) for binding in self.expected.bindings)

    @cached_property
    def entries(self) -> tuple[tuple[ExpectedBinding, tuple[Hit, ...]], ...]:
        """Each binding with what translates it in the entry chain, in its order; none where the chain is missing."""
        found = []
        for binding in self.expected.bindings:
            place = self.layout.nat_place(binding.family, self.layout.entry)
            if binding.family in self.families and self.has(place):
                walked = self.docker.all_hits(place, packet_to(binding))
                hits = tuple(hit for hit in walked if hit.target == "DNAT")
                found.append((self._with_dnat_target(binding, hits), hits))
        return tuple(found)

    def _with_dnat_target(self, binding: ExpectedBinding, hits: tuple[Hit, ...]) -> ExpectedBinding:
        """Put the address that the engine forwards the port to first in `targets`: one of several networks'."""
        address = next((hit.address for hit in hits if hit.address in binding.targets), binding.targets[0])
        network = self.expected.owners[address].network
        if (address, network) == (binding.targets[0], binding.network):
            return binding
        others = tuple(target for target in binding.targets if target != address)
        return replace(binding, network=network, targets=(address, *others))

    def route(self, address: int) -> str:
        """Return the bridge of an address's network; OUTSIDE for an address of no network."""
        for (network, mask), bridge in self._subnets:
            if address & mask == network and mask.bit_length() >= address.bit_length():
                return bridge
        return OUTSIDE

    @cached_property
    def _subnets(self) -> tuple[tuple[tuple[int, int], str], ...]:
        return tuple((prefix_of(n.subnet), n.network.bridge) for n in self.expected.networks)

    def way(self, binding: ExpectedBinding, uplink: str = OUTSIDE) -> Way:
        """The way to a published port and back: of a neighbour on the uplink where it differs between clients."""
        known = self._ways.get((binding, uplink))
        if known is None:
            known = self.way_of(binding, uplink=uplink)
            neighbour = self.expected.inside.neighbours.get(binding.family)
            if known.partial and neighbour is not None:
                known = self.way_of(binding, neighbour, uplink)
            self._ways[binding, uplink] = known
        return known

    def way_of(self, binding: ExpectedBinding, client: int | None = None, uplink: str = OUTSIDE) -> Way:
        """The way of a packet of a client outside to a published port and back; None is any client."""
        return way_in(self.firewall, packet_to(binding)._replace(src=client, iif=uplink), self.route)

    def way_out(self, network: ExpectedNetwork) -> Way:
        """The way of a packet of a network to anywhere outside, and back."""
        packet = Packet(iif=network.network.bridge, src=network.source, dport=443, family=network.family)
        return way_out(self.firewall, packet, answered=network.mode == ROUTED)


def packet_to(binding: ExpectedBinding) -> Packet:
    """The first packet of a client outside to a published port."""
    return Packet(
        dst=number_of(binding.host_ip) if binding.host_ip else None,
        protocol=binding.protocol,
        dport=binding.host_port,
        to_host=True,
        family=binding.family,
    )


def is_loopback(binding: ExpectedBinding) -> bool:
    """Whether the port is published on the loopback alone: no client outside, and the jumps leave it out."""
    return binding.host_ip.startswith(LOOPBACK_NET) or binding.host_ip == "::1"
