"""Evaluation of the NAT rules, one observation after another: packets are walked only when something changed."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from msgspec import Struct

from exporter.core.findings.evaluator import Evaluation, Evaluator
from exporter.core.findings.rule import Input, Rule
from exporter.core.model.docker import PODMAN, Inventory
from exporter.core.model.memo import IdentityMemo, keep_equal
from exporter.core.model.sockets import DOCKER_PROXY, HostSockets, PortKey, ProxyUse
from exporter.core.nat.context import NatContext, StaleFlow
from exporter.core.nat.engine_options import EngineOptions, writes_rules
from exporter.core.nat.expected import Expected
from exporter.core.nat.layout import families_of, layout_of
from exporter.core.nat.reading import NFTABLES, NatReading
from exporter.core.nat.rules import NAT_RULES
from exporter.core.nat.ruleset import DST, FAMILIES, IP, UNEQUAL, Ruleset


class NatState(Struct, frozen=True):
    """What the kernel was read to do; None is what could not be read."""

    reading: NatReading | None = None
    sockets: HostSockets | None = None
    stale: tuple[StaleFlow, ...] = ()
    host_netns_visible: bool = True
    options: EngineOptions | None = None
    proxies: Mapping[str, ProxyUse] | None = None


class Changeable(NamedTuple):
    """The small parts of a context, which are compared by their values."""

    forwarding: tuple[tuple[str, bool], ...]
    proxied: frozenset[PortKey] | None
    stale: tuple[StaleFlow, ...]
    families: frozenset[str]
    backend: str
    foreign: frozenset[str]


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
        self._writes = IdentityMemo(_writes)
        self._proxied, self._foreign = IdentityMemo(proxied), IdentityMemo(foreign_targets)
        self._small: Changeable | None = None

    def evaluate(self, inventory: Inventory, expected: Expected, state: NatState, now: float) -> Evaluation:
        """Evaluate all rules; `now` is in seconds from any origin and never decreases.

        `expected` is the same object while the inventory did not change.
        """
        reading = state.reading or NatReading()
        self._note_backend(reading)
        small = Changeable(
            tuple(sorted(reading.forwarding.items())),
            None if state.sockets is None else self._proxied(state.sockets, state.proxies),
            state.stale,
            self._written(inventory, expected, state),
            self.backend or _own_backend(inventory),
            self._foreign(state.sockets),
        )
        self._small = small if self._small is None else keep_equal(self._small, small)
        context = self._context(expected, reading.nft, reading.legacy, self._small)
        missing = frozenset(self._missing(inventory, state, self._small.families))
        return self._rules.evaluate(context, missing, now)

    def _note_backend(self, reading: NatReading) -> None:
        docker = reading.docker
        if docker is not None:
            self._families |= families_of(docker)
            self.backend = reading.backend
            self.userland_proxy = _userland_proxy(docker) or self.userland_proxy

    def _written(self, inventory: Inventory, expected: Expected, state: NatState) -> frozenset[str]:
        """The families that the engine writes: those seen once, and those of its networks that it is known to write.

        IPv6 that was never seen, of an engine whose options cannot be read, may be switched off.
        """
        networks = {IP, *(network.family for network in expected.networks)} & expected.families
        writes = self._writes(inventory, state.options)
        known = {family for family in networks if writes[family]} | (self._families & expected.families)
        return frozenset(family for family in known if writes[family] is not False)

    def _missing(self, inventory: Inventory, state: NatState, written: frozenset[str]) -> Iterator[Input]:
        """Rules that were never seen are missing only where the engine is known to write them."""
        if not inventory.connected:
            yield Input.ENGINE
        if not state.host_netns_visible:
            yield Input.HOST_NETWORK
        if state.reading is None:
            yield Input.NAT
        elif inventory.engine is not None and inventory.engine.product == PODMAN:
            yield Input.PODMAN_RULES
        elif IP not in written and self._writes(inventory, state.options)[IP] is None:
            yield Input.RULE_SETTING
        elif not written:
            yield Input.DOCKER_RULES


def _writes(inventory: Inventory, options: EngineOptions | None) -> Mapping[str, bool | None]:
    """Whether the engine writes rules of each family, which takes a look at every container."""
    return {family: writes_rules(inventory, options, family) for family in FAMILIES}


def _own_backend(inventory: Inventory) -> str:
    """The backend of which the engine says that it writes it, before any rule of it was seen."""
    return NFTABLES if inventory.engine and inventory.engine.firewall_driver == NFTABLES else ""


def proxied(sockets: HostSockets, proxies: Mapping[str, ProxyUse] | None = None) -> frozenset[PortKey]:
    """Return the ports that docker-proxies of this engine serve: a stopped one accepts no connection."""
    stopped = frozenset(port for use in (proxies or {}).values() for port in use.stopped)
    held = frozenset(
        (listener.socket.protocol, listener.socket.port)
        for listener in sockets.listeners
        if listener.owner.kind == DOCKER_PROXY and not listener.owner.foreign_target
    )
    return held - stopped


def foreign_targets(sockets: HostSockets | None) -> frozenset[str]:
    """Return the addresses that docker-proxies forward to and no container of this engine has."""
    owners = (listener.owner for listener in (sockets.listeners if sockets else ()))
    return frozenset(owner.foreign_target for owner in owners if owner.foreign_target)


def _context(expected: Expected, nft: Ruleset | None, legacy: Ruleset | None, small: Changeable) -> NatContext:
    reading = NatReading(nft, legacy, forwarding=dict(small.forwarding))
    return NatContext(expected, reading, small.families, small.proxied, small.stale, small.backend, small.foreign)


def _userland_proxy(docker: Ruleset) -> str:
    """Read the jump of OUTPUT: with the userland proxy it leaves the loopback's addresses out."""
    layout = layout_of(docker)
    for family in FAMILIES:
        for rule in docker.chains.get(layout.nat_place(family, layout.output), ()):
            if rule.to == layout.entry:
                return "true" if rule.value(DST, UNEQUAL) else "false"
    return ""
