"""Evaluation of the NAT rules, one observation after another: packets are walked only when something changed."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from exporter.core.findings.evaluator import Evaluation, Evaluator
from exporter.core.findings.rule import Input, Rule
from exporter.core.model.docker import Inventory
from exporter.core.model.memo import IdentityMemo, keep_equal
from exporter.core.model.sockets import DOCKER_PROXY, HostSockets, PortKey
from exporter.core.nat.context import NatContext, StaleFlow
from exporter.core.nat.engine_options import EngineOptions, writes_rules
from exporter.core.nat.expected import Expected
from exporter.core.nat.layout import layout_of
from exporter.core.nat.reading import NatReading
from exporter.core.nat.rules import NAT_RULES
from exporter.core.nat.ruleset import DST, FAMILIES, IP, UNEQUAL, Ruleset


@dataclass(frozen=True, slots=True)
class NatState:
    """What the kernel was read to do; None is what could not be read."""

    reading: NatReading | None = None
    sockets: HostSockets | None = None
    stale: tuple[StaleFlow, ...] = ()
    host_netns_visible: bool = True
    options: EngineOptions | None = None


class Changeable(NamedTuple):
    """The small parts of a context, which are compared by their values."""

    forwarding: tuple[tuple[str, bool], ...]
    proxied: frozenset[PortKey] | None
    stale: tuple[StaleFlow, ...]
    families: frozenset[str]
    backend: str


class NatEvaluator:
    """Takes each observation, in their order. Not thread-safe.

    `backend` and `userland_proxy` ('true', 'false') are as last read from the rules: they stay known after a flush.
    """

    def __init__(self, rules: tuple[Rule[NatContext], ...] = NAT_RULES) -> None:
        self.backend = ""
        self.userland_proxy = ""
        self._families: frozenset[str] = frozenset()
        self._rules = Evaluator(rules)
        self._context = IdentityMemo(_context)
        self._small: Changeable | None = None

    def evaluate(self, inventory: Inventory, expected: Expected, state: NatState, now: float) -> Evaluation:
        """Evaluate all rules; `now` is in seconds from any origin and never decreases.

        `expected` is the same object while the inventory did not change.
        """
        reading = state.reading or NatReading()
        self._learn(reading)
        small = Changeable(
            tuple(sorted(reading.forwarding.items())),
            None if state.sockets is None else proxied(state.sockets),
            state.stale,
            (self._families or _unseen_families(inventory, state)) & expected.families,
            self.backend,
        )
        self._small = small if self._small is None else keep_equal(self._small, small)
        context = self._context(expected, reading.nft, reading.legacy, self._small)
        return self._rules.evaluate(context, frozenset(self._missing(inventory, state)), now)

    def _learn(self, reading: NatReading) -> None:
        docker = reading.docker
        if docker is not None:
            self._families |= _families(docker)
            self.backend = reading.backend
            self.userland_proxy = _userland_proxy(docker) or self.userland_proxy

    def _missing(self, inventory: Inventory, state: NatState) -> Iterator[Input]:
        """Rules that were never seen are missing only where the engine is known to write them."""
        if not inventory.connected:
            yield Input.ENGINE
        if not state.host_netns_visible:
            yield Input.HOST_NETWORK
        if state.reading is None:
            yield Input.NAT
        elif (writes := writes_rules(inventory, state.options)) is False:
            yield Input.DOCKER_RULES
        elif writes is None and not self._families:
            yield Input.RULE_SETTING


def _unseen_families(inventory: Inventory, state: NatState) -> frozenset[str]:
    """Return the families of an engine whose rules were never read: IPv4 if it writes rules; IPv6 is unknown."""
    return frozenset({IP} if writes_rules(inventory, state.options) else ())


def proxied(sockets: HostSockets) -> frozenset[PortKey]:
    """Return the ports that docker-proxies hold."""
    return frozenset(
        (listener.socket.protocol, listener.socket.port)
        for listener in sockets.listeners
        if listener.owner.kind == DOCKER_PROXY
    )


def _context(expected: Expected, nft: Ruleset | None, legacy: Ruleset | None, small: Changeable) -> NatContext:
    reading = NatReading(nft, legacy, forwarding=dict(small.forwarding))
    return NatContext(expected, reading, small.families, small.proxied, small.stale, small.backend)


def _families(docker: Ruleset) -> frozenset[str]:
    layout = layout_of(docker)
    return frozenset(family for family in FAMILIES if layout.nat_place(family, layout.entry) in docker.chains)


def _userland_proxy(docker: Ruleset) -> str:
    """Read the jump of OUTPUT: with the userland proxy it leaves the loopback's addresses out."""
    layout = layout_of(docker)
    for family in FAMILIES:
        for rule in docker.chains.get(layout.nat_place(family, layout.output), ()):
            if rule.to == layout.entry:
                return "true" if rule.value(DST, UNEQUAL) else "false"
    return ""
