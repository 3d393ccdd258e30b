"""What the kernel's rules do on the way to a published port, told by the same rules as drift is."""

from collections.abc import Iterator
from dataclasses import replace

from exporter.core.explain.path import DNAT, FAILED, FORWARD, OK, UNKNOWN, Step
from exporter.core.findings.finding import Finding
from exporter.core.nat.address_numbers import family_of
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
from exporter.core.nat.ruleset import is_dockers
from exporter.core.nat.tracker import NatView
from exporter.core.observation import Observation

UNREAD = "the host's NAT rules cannot be read"
FIREWALL_OFF = "none"
# The code of each kind of drift that is a step here.
_CODES = {
    missing_chain.KIND: "dnat_missing",
    missing_jump.KIND: "dnat_missing",
    unreachable_jump.KIND: "dnat_missing",
    missing_dnat.KIND: "dnat_missing",
    wrong_dnat.KIND: "dnat_wrong",
    forward_drop.KIND: "drop_rule",
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
    return (Step(DNAT, OK, f"Docker needs no DNAT rule of {family}: the container has no such address"),)


def _context(observation: Observation, nat: NatView, reading: NatReading, binding: ExpectedBinding) -> NatContext:
    """The host as if this were all that is published: what a rule finds then is about this."""
    alone = replace(nat.expected, bindings=(binding,))
    held = proxied(observation.sockets) if observation.sockets else None
    context = NatContext(alone, reading, frozenset(), held, backend=nat.backend)
    written = frozenset(family for family, table, chain in context.docker.ruleset.chains if is_dockers(table, chain))
    context.families = written & alone.families
    return context


def _steps(context: NatContext, observation: Observation, binding: ExpectedBinding) -> Iterator[Step]:
    if binding.family not in context.families:
        yield _without_rules(context, observation, binding)
        return
    wrong = list(_untranslated(context, binding))
    yield from (Step(DNAT, FAILED, drift.detail, _CODES[drift.kind]) for drift in wrong)
    led = next((b for b, hits in context.entries if any(b.is_served_by(rule) for rule, _ in hits)), None)
    if not wrong and led is not None:
        target = f"[{led.targets[0]}]" if ":" in led.targets[0] else led.targets[0]
        yield Step(DNAT, OK, f"a DNAT rule leads it to {target}:{led.container_port} on network {led.network}")
    elif not wrong:
        detail = "whether a DNAT rule leads it to its container depends on who the client is"
        yield Step(DNAT, UNKNOWN, detail, "rule_not_understood")
    yield from _forward(context, led or binding, led=led is not None)


def _without_rules(context: NatContext, observation: Observation, binding: ExpectedBinding) -> Step:
    """An engine that writes no rules looks like one whose rules were flushed."""
    engine = observation.topology.inventory.engine
    if engine is not None and engine.firewall_driver == FIREWALL_OFF and context.serves(binding):
        return Step(DNAT, OK, "the engine writes no rules: docker-proxy passes it on")
    detail = f"there are no rules of Docker's for {binding.family}: switched off, or flushed"
    return Step(DNAT, UNKNOWN, detail, "rules_absent")


def _untranslated(context: NatContext, binding: ExpectedBinding) -> Iterator[Finding]:
    layout = context.layout
    chains = {layout.entry} if is_loopback(binding) else {layout.entry, layout.prerouting}
    for check in (missing_chain.check, missing_jump.check, unreachable_jump.check, missing_dnat.check):
        for drift in check(context):
            if drift.labels["family"] == binding.family and drift.labels["chain"] in chains:
                yield drift
    yield from wrong_dnat.check(context)


def _forward(context: NatContext, binding: ExpectedBinding, *, led: bool) -> Iterator[Step]:
    if is_loopback(binding):
        return  # docker-proxy makes a connection of its own, which nobody forwards
    found = [d for d in forward_drop.check(context) if d.labels["container"] == binding.container]
    off = [
        d
        for d in forwarding_off.check(context)
        if d.labels["family"] == binding.family and d.labels["network"] in ("", binding.network)
    ]
    yield from (Step(FORWARD, FAILED, drift.detail, _CODES[drift.kind]) for drift in (*off, *found))
    if led and not found and not off:
        yield Step(FORWARD, OK, f"the host forwards it to network {binding.network}, and no rule drops it")
