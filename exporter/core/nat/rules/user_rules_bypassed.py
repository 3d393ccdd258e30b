"""DOCKER-USER has rules that drop, and packets which they would drop are accepted before they get there.

Guard: Docker's rules, the policy, or a rule for every packet accept them. A rule of the operator's own that names
addresses or ports is an exception on purpose, and so is a jump to DOCKER-USER with conditions.
"""

from collections.abc import Iterator
from itertools import chain

from exporter.core.findings.finding import WARNING, Finding
from exporter.core.nat.context import NatContext, is_loopback
from exporter.core.nat.drift import Subject, drift, written
from exporter.core.nat.layout import USER
from exporter.core.nat.packet import YES, Packet
from exporter.core.nat.rules.forward_drop import OPEN_MODES
from exporter.core.nat.ruleset import DPORT, IIF, OIF, PROTOCOL, STATE, Place, Rule, is_dockers
from exporter.core.nat.walk.outcome import ACCEPTED, DROPS, Decision
from exporter.core.nat.walk.rule_text import decided_by
from exporter.core.nat.walk.walker import NOTRACK, Course, Hit

KIND = "user_rules_bypassed"
HTTPS = "tcp", 443
GENERAL = frozenset({IIF, OIF, STATE})  # a rule with other conditions is an exception


def check(context: NatContext) -> Iterator[Finding]:
    """Walk to each published port and out of each network; each family is reported once, with the first example."""
    layout = context.layout
    for family in sorted(context.families):
        user, forward = (family, layout.filter, USER), (family, layout.filter, layout.forward)
        jumps = [rule for rule in context.rules(forward) if rule.to == USER]
        drops = [rule for rule in context.reachable(user) if rule.target in DROPS]
        if not drops or not context.has(forward) or any(jump.conditions for jump in jumps):
            continue
        for what, packet in chain(_to_ports(context, family), _outward(context, family, drops)):
            accepted = _accepted_before(context, user, forward, packet)
            if accepted is not None:
                detail = f"{what} are accepted by {decided_by(accepted)}, and never reach the rules of {USER}"
                yield drift(KIND, WARNING, Subject(family=family, chain=layout.forward), detail)
                break


def _to_ports(context: NatContext, family: str) -> Iterator[tuple[str, Packet]]:
    """The packets to published ports as they are forwarded, of ports that are reachable."""
    for binding, hits in context.entries:
        forwarded = any(map(binding.is_served_by, hits))
        if binding.family == family and forwarded and not is_loopback(binding):
            way = context.way(binding)
            arrived = way.arrival.packet
            if way.end is None and arrived.dst is not None and not arrived.to_host:
                packet = arrived._replace(oif=context.route(arrived.dst))
                yield f"packets to {written(binding)} of {binding.container}", packet


def _outward(context: NatContext, family: str, drops: list[Rule]) -> Iterator[tuple[str, Packet]]:
    """The packets that leave networks, also to the ports that DOCKER-USER drops."""
    services = dict.fromkeys([HTTPS, *(found for rule in drops for found in _service(rule))])
    for network in context.expected.networks:
        if network.family == family and network.populated and network.mode in OPEN_MODES:
            if context.way_out(network).end is not None:
                continue
            for protocol, port in services:
                bridge = network.network.bridge
                packet = Packet(iif=bridge, src=network.source, protocol=protocol, dport=port, family=family)
                yield f"outgoing packets of network {network.network.name}", packet


def _service(rule: Rule) -> Iterator[tuple[str, int]]:
    ports, protocol = rule.value(DPORT), rule.value(PROTOCOL)
    if ports is not None and protocol is not None:
        yield protocol, ports[0]


def _accepted_before(context: NatContext, user: Place, forward: Place, packet: Packet) -> Decision | None:
    """Return what accepts a packet before DOCKER-USER, whose rules drop it, or such packets of some clients."""
    dropped = {_key(hit) for hit in _up_to_the_end(context, user, packet) if hit.target in DROPS}
    if not dropped:
        return None
    met = _up_to_the_end(context, forward, packet)
    if dropped & set(map(_key, met)):
        return None
    last = met[-1] if met and met[-1].answer == YES else None
    if last is None:
        policy = context.docker.ruleset.bases[forward].policy
        return Decision(forward, policy, YES) if policy == ACCEPTED else None
    accepts = last.target == ACCEPTED and not _is_exception(context, last.rule)
    return Decision(forward, last.target, last.answer, last.rule, last.number) if accepts else None


def _up_to_the_end(context: NatContext, place: Place, packet: Packet) -> list[Hit]:
    """The rules that may decide, up to the first that does for certain."""
    possible = []
    for hit in context.docker.hits(place, Course(packet)):
        if hit.target != NOTRACK:
            possible.append(hit)
            if hit.answer == YES:
                break
    return possible


def _key(hit: Hit) -> tuple[Place, int]:
    return hit.rule.place, hit.number


def _is_exception(context: NatContext, rule: Rule) -> bool:
    """Whether an operator's rule accepts some packets on purpose."""
    if is_dockers(rule.table, rule.chain):
        return rule.place in context.operators
    return not {condition.key for condition in rule.conditions} <= GENERAL
