"""What the rules about drift look at: what is expected, what is there, and walks through it that several ask for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from exporter.core.model.sockets import PortKey
from exporter.core.nat.address_numbers import number_of
from exporter.core.nat.expected import Expected, ExpectedBinding
from exporter.core.nat.layout import IPTABLES, NATIVE, Layout, layout_of
from exporter.core.nat.packet import Packet
from exporter.core.nat.reading import NFTABLES, NatReading
from exporter.core.nat.ruleset import INET, JUMP, Place, Rule, Ruleset
from exporter.core.nat.walker import Hit, Walker

LOOPBACK_NET = "127."
ACCEPTED, DROPPED = "ACCEPT", frozenset({"DROP", "REJECT"})


@dataclass(frozen=True, slots=True)
class StuckFlow:
    """A UDP flow to a published port that the connection table keeps from its container; addresses as text."""

    protocol: str
    host_port: int
    leads_to: str


class NatContext:
    """One moment. `proxied`: (protocol, port) that docker-proxy holds; None where sockets could not be read.

    `families` are those that the engine writes rules for, `backend` is what it wrote them by when they were last seen.
    """

    def __init__(
        self,
        expected: Expected,
        reading: NatReading,
        families: frozenset[str],
        proxied: frozenset[PortKey] | None = None,
        stuck: tuple[StuckFlow, ...] = (),
        backend: str = "",
    ) -> None:
        self.expected = expected
        self.reading = reading
        self.families = families
        self.stuck = stuck
        self._proxied = proxied or frozenset()
        docker = reading.docker
        # Of rules that are all gone only what they were can be told.
        gone = NATIVE if backend == NFTABLES else IPTABLES
        self.layout: Layout = layout_of(docker) if docker is not None else gone
        rulesets = [rules for rules in (reading.nft, reading.legacy) if rules is not None] or [Ruleset()]
        walkers = {id(rules): Walker(rules, expected.inside) for rules in rulesets}
        self.walkers = tuple(walkers.values())
        self.docker = walkers[id(docker if docker is not None else rulesets[0])]

    @property
    def forwarding(self) -> Mapping[str, bool]:
        """What the sysctls say."""
        return self.reading.forwarding

    def has(self, place: Place) -> bool:
        """Whether a chain of the engine's ruleset exists."""
        return place in self.docker.ruleset.chains

    def rules(self, place: Place) -> tuple[Rule, ...]:
        """Return the rules of a chain of the engine's ruleset."""
        return self.docker.ruleset.chains.get(place, ())

    def jumps(self, place: Place, to: str) -> bool:
        """Whether a rule of a chain leads to another."""
        return any(rule.target == JUMP and rule.to == to for rule in self.rules(place))

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
                hits = tuple(hit for hit in self.docker.hits(place, packet_to(binding)) if hit[0].target == "DNAT")
                found.append((self._led(binding, hits), hits))
        return tuple(found)

    def _led(self, binding: ExpectedBinding, hits: tuple[Hit, ...]) -> ExpectedBinding:
        """Of a container on several networks the engine takes one to lead the port to: it is the first target."""
        led = next((rule.address for rule, _ in hits if rule.address in binding.targets), binding.targets[0])
        others = tuple(target for target in binding.targets if target != led)
        return replace(binding, network=self.expected.owners[led].network, targets=(led, *others))

    def bases(self, hook: str, family: str) -> Iterator[tuple[Walker, Place]]:
        """Return the chains by which the kernel enters a hook, of every table."""
        for walker in self.walkers:
            for place, base in walker.ruleset.bases.items():
                if base.hook == hook and place[0] in (family, INET):
                    yield walker, place

    def dropped(self, family: str, *packets: Packet) -> tuple[Place, Rule | None] | None:
        """Return the base chain that drops one of the packets on its way through the host, and the rule; None if none.

        The rule is None where the chain's policy does.
        """
        for walker, base in self.bases("forward", family):
            for packet in packets:
                decision = walker.decision(base, packet)
                if decision is not None and decision.effect in DROPPED:
                    return base, decision.rule
        return None


def packet_to(binding: ExpectedBinding) -> Packet:
    """The first packet of a client outside to a published port."""
    return Packet(
        dst=number_of(binding.host_ip) if binding.host_ip else None,
        protocol=binding.protocol,
        dport=binding.host_port,
        to_host=True,
    )


def is_loopback(binding: ExpectedBinding) -> bool:
    """Whether the port is published on the loopback alone: no client outside, and the jumps leave it out."""
    return binding.host_ip.startswith(LOOPBACK_NET) or binding.host_ip == "::1"
