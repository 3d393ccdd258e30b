"""What the kernel's rules do on the way to a published port, by the same rules that find drift."""

from collections.abc import Iterator

from msgspec.structs import replace

from exporter.core.explain.answers import answer_steps
from exporter.core.explain.path import BLOCKED, DNAT, FAILED, FORWARD, OK, UNKNOWN, Step
from exporter.core.findings.finding import WARNING, Finding
from exporter.core.nat.address_numbers import family_of, number_of
from exporter.core.nat.context import NatContext, is_loopback
from exporter.core.nat.evaluator import proxied
from exporter.core.nat.expected import ExpectedBinding
from exporter.core.nat.reading import NatReading
from exporter.core.nat.rules import (
    forward_drop,
    forwarding_off,
    missing_chain,
    missing_dnat,
    missing_jump,
    unreachable_jump,
    wrong_dnat,
)
from exporter.core.nat.ruleset import IP, IP6, is_dockers
from exporter.core.nat.view import NatView
from exporter.core.nat.walk.outcome import Decision
from exporter.core.nat.walk.rule_text import decided_by
from exporter.core.nat.walk.ways import Way
from exporter.core.observation import Observation

NOT_UNDERSTOOD = "rule_not_understood"
# A client of the internet, for rules that treat some sources in another way.
INTERNET_CLIENTS = {IP: number_of("8.8.8.8"), IP6: number_of("2001:4860:4860::8888")}
UNREAD = "the host's NAT rules cannot be read"
FIREWALL_OFF = "none"
# The code of each kind of drift that is a step here.
_CODES = {
    missing_chain.KIND: "dnat_missing",
    missing_jump.KIND: "dnat_missing",
    unreachable_jump.KIND: "dnat_missing",
    missing_dnat.KIND: "dnat_missing",
    wrong_dnat.KIND: "dnat_wrong",
    forwarding_off.KIND: "forwarding_off",
}


def nat_steps(observation: Observation, container: str, protocol: str, address: str, port: int) -> tuple[Step, ...]:
    """Return the steps of one address of a published port; '' is every address of IPv4."""
    nat = observation.nat
    if nat is None or nat.reading is None:
        return (Step(DNAT, UNKNOWN, UNREAD, "rules_unknown"),)
    family = family_of(address or "0.0.0.0")
    wanted = (container, protocol, port, family)
    for binding in nat.expected.bindings:
        known = (binding.container, binding.protocol, binding.host_port, binding.family)
        if known == wanted and binding.host_address == (address or binding.host_address):
            return tuple(_steps(_context(observation, nat, nat.reading, binding), observation, binding))
    return (Step(DNAT, OK, f"the engine needs no DNAT rule of {family}: the container has no such address"),)


def dnat_targets(observation: Observation, container: str, protocol: str, port: int) -> tuple[ExpectedBinding, ...]:
    """Return a published port by family, each with the network and first in `targets` the address that it goes to.

    As the DNAT rules have it; as Docker would where no rule does, or rules could not be read.
    """
    nat = observation.nat
    key = container, protocol, port
    found = [b for b in nat.expected.bindings if (b.container, b.protocol, b.host_port) == key] if nat else []
    if nat is None or nat.reading is None:
        return tuple(found)
    contexts = [_context(observation, nat, nat.reading, binding) for binding in found]
    return tuple(next(iter(c.entries), (one, ()))[0] for one, c in zip(found, contexts, strict=True))


def _context(observation: Observation, nat: NatView, reading: NatReading, binding: ExpectedBinding) -> NatContext:
    """The host as if this were all that is published: what a rule finds then is about this."""
    alone = replace(nat.expected, bindings=(binding,))
    held = proxied(observation.sockets, observation.proxies) if observation.sockets else None
    context = NatContext(alone, reading, frozenset(), held, backend=nat.backend)
    families = frozenset(family for family, table, chain in context.docker.ruleset.chains if is_dockers(table, chain))
    context.families = families & alone.families
    return context


def _steps(context: NatContext, observation: Observation, binding: ExpectedBinding) -> Iterator[Step]:
    if binding.family not in context.families:
        yield from _by_other_rules(context, binding) or (_without_rules(context, observation, binding),)
        return
    wrong = list(_untranslated(context, binding))
    yield from map(_wrong_step, wrong)
    binding, hits = next(iter(context.entries), (binding, ()))
    translated = any(map(binding.is_served_by, hits)) if is_loopback(binding) else _arrives(context, binding)
    if not wrong and not _ends_before(context, binding):
        yield _translation(context, binding, translated=translated)
    if not is_loopback(binding):  # docker-proxy makes a connection of its own, which is not forwarded
        yield from _forward(context, binding, translated=translated and not wrong)


def _wrong_step(found: Finding) -> Step:
    """A warning of a wrong DNAT rule is one of which it is unknown whether it comes first."""
    if found.kind == wrong_dnat.KIND and found.severity == WARNING:
        return Step(DNAT, UNKNOWN, found.detail, "dnat_order_unknown")
    return Step(DNAT, FAILED, found.detail, _CODES[found.kind])


def _by_other_rules(context: NatContext, binding: ExpectedBinding) -> tuple[Step, ...]:
    """The steps where rules in no chain of Docker's translate the port, as those of Podman's netavark."""
    if is_loopback(binding) or not _arrives(context, binding):
        return ()
    return _translation(context, binding, translated=True), *_forward(context, binding, translated=True)


def _arrives(context: NatContext, binding: ExpectedBinding) -> bool:
    """Whether a rule sends the packet to the container for certain."""
    arrival = context.way(binding).arrival
    return any(map(binding.is_served_by, arrival.translations)) and not arrival.unclear


def _ends_before(context: NatContext, binding: ExpectedBinding) -> bool:
    """Whether every client's packet is dropped before a rule could translate it, as in a chain of raw."""
    if is_loopback(binding):
        return False
    arrival = context.way(binding).arrival
    return arrival.dropped and not arrival.translations


def _translation(context: NatContext, binding: ExpectedBinding, *, translated: bool) -> Step:
    if translated:
        target = f"[{binding.targets[0]}]" if ":" in binding.targets[0] else binding.targets[0]
        network = f"on network {binding.network}"
        return Step(DNAT, OK, f"a DNAT rule sends it to {target}:{binding.container_port} {network}")
    unclear = () if is_loopback(binding) else context.way(binding).arrival.unclear
    if unclear:
        return Step(DNAT, UNKNOWN, f"{decided_by(unclear[0])} may match first: it is not understood", NOT_UNDERSTOOD)
    detail = "whether a DNAT rule sends it to its container depends on who the client is"
    return Step(DNAT, UNKNOWN, detail, NOT_UNDERSTOOD)


def _without_rules(context: NatContext, observation: Observation, binding: ExpectedBinding) -> Step:
    """An engine that writes no rules looks like one whose rules were flushed; docker-proxy serves with either."""
    if context.serves(binding):
        end = None if is_loopback(binding) else context.way(binding).end
        if end is not None:
            return _dropped(context, end, f"packets to docker-proxy are dropped by {decided_by(end)}")
        engine = observation.topology.inventory.engine
        if engine is not None and engine.firewall_driver == FIREWALL_OFF:
            return Step(DNAT, OK, "the engine writes no rules: docker-proxy passes it on")
    detail = f"there are no rules of Docker's for {binding.family}: switched off, or flushed"
    return Step(DNAT, UNKNOWN, detail, "rules_absent")


def _dropped(context: NatContext, end: Decision, detail: str) -> Step:
    if context.is_meant(end):
        return Step(FORWARD, BLOCKED, detail, "operator_rule")
    return Step(FORWARD, FAILED, detail, "drop_rule")


def _untranslated(context: NatContext, binding: ExpectedBinding) -> Iterator[Finding]:
    layout = context.layout
    chains = {layout.entry} if is_loopback(binding) else {layout.entry, layout.prerouting}
    for check in (missing_chain.check, missing_jump.check, unreachable_jump.check, missing_dnat.check):
        for drift in check(context):
            if drift.labels["family"] == binding.family and drift.labels["chain"] in chains:
                yield drift
    yield from wrong_dnat.check(context)


def _forward(context: NatContext, binding: ExpectedBinding, *, translated: bool) -> Iterator[Step]:
    off = [
        Step(FORWARD, FAILED, d.detail, _CODES[d.kind])
        for d in forwarding_off.check(context)
        if d.labels["family"] == binding.family and d.labels["network"] in ("", binding.network)
    ]
    way = context.way(binding)
    if way.end is not None and (translated or not way.arrival.translations):
        off.append(_dropped(context, way.end, forward_drop.dropped_text(binding, way, way.end)))
    off += answer_steps(context, binding, way) if translated and not off else ()
    yield from off
    if translated and not off:
        yield _passes(context, binding, way)


def _passes(context: NatContext, binding: ExpectedBinding, way: Way) -> Step:
    """Nothing drops it for certain: say so, and what may."""
    unclear = [one for part in way.parts[1:] for one in part.unclear]
    if unclear:
        return Step(FORWARD, UNKNOWN, f"{decided_by(unclear[0])} may match: it is not understood", NOT_UNDERSTOOD)
    any_client = context.way_of(binding)
    internet = context.way_of(binding, INTERNET_CLIENTS[binding.family]) if any_client.partial else way
    if way.partial or internet.end is not None or internet.partial or internet.unclear:
        one = (*way.partial, *any_client.partial)[0]
        return Step(FORWARD, UNKNOWN, f"it depends on who the client is: {decided_by(one)}", NOT_UNDERSTOOD)
    some = f"; some clients are treated by {decided_by(any_client.partial[0])}" if any_client.partial else ""
    return Step(FORWARD, OK, f"the host forwards it to network {binding.network}, and no rule drops it{some}")
