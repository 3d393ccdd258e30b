"""The way into Docker's chains is gone: the jump of a base chain, or an element of a map in Docker's own tables.

Guard: a way over chains of a vendor's own is one; while the chain itself is missing, missing_chain reports it. Where
docker-proxy holds every published port, packets from outside still arrive, without their address.
"""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from itertools import product

from exporter.core.findings.finding import CRITICAL, INFO, WARNING, Finding, Severity
from exporter.core.nat.context import NatContext
from exporter.core.nat.drift import Subject, drift
from exporter.core.nat.layout import BEFORE_BRIDGE, FORWARD_SINCE_28, IPTABLES, MAP_SUFFIX
from exporter.core.nat.ruleset import IIF, MAP, OIF, UNEQUAL, Place, Rule
from exporter.core.nat.walk.hooks import TRANSLATES
from exporter.core.nat.walk.outcome import DROPS

KIND = "missing_jump"


def check(context: NatContext) -> Iterator[Finding]:
    """Check each base chain."""
    layout = context.layout
    for family in sorted(context.families):
        entry = layout.nat_place(family, layout.entry)
        severities = {layout.prerouting: WARNING if context.proxies_all else CRITICAL, layout.output: WARNING}
        for chain, severity in severities.items():
            place = layout.nat_place(family, chain)
            if context.has(entry) and context.has(place) and not context.reaches(place, layout.entry):
                yield _drift(family, chain, layout.entry, severity)
        yield from _forward(context, family) if layout is IPTABLES else _maps(context, family)


def _forward(context: NatContext, family: str) -> Iterator[Finding]:
    """Since 28.1 there is one jump to all of Docker's chains, before that one for each bridge."""
    layout = context.layout
    forward, entry = (family, layout.filter, layout.forward), (family, layout.filter, layout.filter_entry)
    if context.has((family, layout.filter, FORWARD_SINCE_28)):
        if not context.reaches(forward, FORWARD_SINCE_28):
            yield _drift(family, layout.forward, FORWARD_SINCE_28, CRITICAL)
        return
    jumped = {rule.value(OIF) for rule in context.reachable(forward) if rule.to == layout.filter_entry}
    if None in jumped:
        return  # 28.0 matches a set of addresses in place of each bridge
    open_to_all = [n for n in context.expected.networks if n.family == family and n.mode != "internal"]
    wanted = {network.network.bridge: network.network.name for network in open_to_all}
    for bridge in sorted(wanted.keys() - jumped) if context.has(entry) else ():
        yield _drift(family, layout.forward, layout.filter_entry, CRITICAL, wanted[bridge])


def _maps(context: NatContext, family: str) -> Iterator[Finding]:
    """Docker's own tables jump to a network's chains by maps of its bridge, in and out."""
    layout = context.layout
    places = (family, layout.filter, layout.forward), (family, layout.nat, layout.postrouting)
    networks = {n.network.bridge: n.network.name for n in context.expected.networks if n.family == family}
    for place, by in product(places, (IIF, OIF)):
        if not context.has(place):
            continue
        maps = [rule.to for rule in context.rules(place) if rule.target == MAP and rule.by == by]
        if not maps:
            severity = WARNING if place[2] == layout.forward else CRITICAL
            yield _drift(family, place[2], f"any network by its {by}", severity)
        for name in maps:
            for bridge in sorted(networks.keys() - _elements(context, (family, place[1], name))):
                chain = (family, place[1], f"{name.removesuffix(MAP_SUFFIX)}{BEFORE_BRIDGE}{bridge}")
                severity = _severity(context.rules(chain))
                yield _drift(family, place[2], f"a chain by {name}", severity, networks[bridge])


def _elements(context: NatContext, place: Place) -> AbstractSet[str]:
    """The bridges of a map; every bridge where its content could not be read."""
    rules = context.docker.ruleset
    found = rules.maps.get(place)
    if found is None and rules.sets.get(place) != ():
        return {network.network.bridge for network in context.expected.networks}
    return (found or {}).keys()


def _severity(unreachable: tuple[Rule, ...]) -> Severity:
    """By what the rules of a network's chain do: without the way out's translation no answer returns.

    Without the others a container does not reach its own published port, or what should be dropped is not; rules that
    accept change nothing, as the base chain accepts.
    """
    if any(rule.target in TRANSLATES and rule.value(OIF, UNEQUAL) for rule in unreachable):
        return CRITICAL
    return WARNING if any(rule.target in TRANSLATES | DROPS for rule in unreachable) else INFO


def _drift(family: str, chain: str, entry: str, severity: Severity, network: str = "") -> Finding:
    behind = f" for network {network}" if network else ""
    subject = Subject(family=family, chain=chain, network=network)
    detail = f"no rule of {family} {chain} jumps to {entry}{behind}: its rules are never evaluated"
    return drift(KIND, severity, subject, detail, key=(subject, entry))
