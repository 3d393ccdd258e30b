"""The way into Docker's chains is gone: the jump of a base chain, or an element of a map in Docker's own tables.

Guard: a way over chains of a vendor's own is one; while the chain itself is missing, missing_chain reports it. Where
docker-proxy holds every published port, packets from outside still arrive, without their address.
"""

from collections.abc import Iterator
from itertools import product

from exporter.core.findings.finding import CRITICAL, WARNING, Finding, Severity
from exporter.core.nat.context import NatContext
from exporter.core.nat.drift import Subject, drift
from exporter.core.nat.layout import FORWARD_SINCE_28, IPTABLES
from exporter.core.nat.ruleset import IIF, MAP, OIF

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
    """Docker's own tables jump to a network's chains by maps of its bridge, in and out.

    Their forward chain accepts: without an element nothing is dropped that should not be, nor what should.
    """
    layout = context.layout
    severities = {(family, layout.filter, layout.forward): WARNING, (family, layout.nat, layout.postrouting): CRITICAL}
    networks = {n.network.bridge: n.network.name for n in context.expected.networks if n.family == family}
    for (place, severity), by in product(severities.items(), (IIF, OIF)):
        maps = [rule.to for rule in context.rules(place) if rule.target == MAP and rule.by == by]
        if context.has(place) and not maps:
            yield _drift(family, place[2], f"any network by its {by}", severity)
        for name in maps:
            elements = context.docker.ruleset.maps.get((family, place[1], name))
            for bridge in sorted(networks.keys() - elements.keys()) if elements is not None else ():
                yield _drift(family, place[2], f"a chain by {name}", severity, networks[bridge])


def _drift(family: str, chain: str, entry: str, severity: Severity, network: str = "") -> Finding:
    behind = f" for network {network}" if network else ""
    subject = Subject(family=family, chain=chain, network=network)
    detail = f"no rule of {family} {chain} jumps to {entry}{behind}: its rules are never evaluated"
    return drift(KIND, severity, subject, detail, key=(subject, entry))
