"""What rules do to a packet, as a step: who drops it, or which rule may and is not understood."""

from exporter.core.explain.path import BLOCKED, FAILED, UNKNOWN, Step
from exporter.core.model.docker import Network
from exporter.core.nat.ruleset import IIF, OIF, RAW, UNEQUAL, Rule, is_dockers
from exporter.core.nat.walk.outcome import ACCEPTED, DROPS, Decision, Outcome
from exporter.core.nat.walk.rule_text import decided_by
from exporter.core.reach.answer import FILTER, INSIDE
from exporter.core.reach.context import ReachContext
from exporter.core.reach.view import FILTERS, Device, NamespaceView, Unread

UNREAD_RULES = Step(FILTER, UNKNOWN, "the host's firewall rules could not be read", "rules_unknown")
ENDS = DROPS | {ACCEPTED}  # what no later step depends on


def unread_step(name: str, what: str, why: Unread) -> Step:
    """The step of what could not be looked at."""
    if why.privilege:
        return Step(name, UNKNOWN, f"{what}: {why.detail} (needs {why.privilege})", "privilege_missing")
    return Step(name, UNKNOWN, f"{what}: {why.detail}", "not_readable")


def own_rules_step(whose: str, outcome: Outcome, what: str) -> Step | None:
    """Return the step of a container's own rules where they drop a packet, or may; None where they pass it."""
    if outcome.dropped and outcome.decision is not None:
        return Step(INSIDE, FAILED, f"{whose} drops {what}: {decided_by(outcome.decision)}", "container_rule")
    if (rule := undecided(outcome)) is not None:
        detail = f"{decided_by(rule)} of {whose} may match {what}: it is not understood"
        return Step(INSIDE, UNKNOWN, detail, "rule_not_understood")
    return None


def host_rules_step(
    context: ReachContext, outcome: Outcome, what: str, ends: tuple[Network | None, Network | None]
) -> Step | None:
    """Return the step of the host's rules where they drop a packet, or may. `ends` are the networks on both sides."""
    decision = outcome.decision
    if outcome.dropped and decision is not None:
        by = decided_by(decision)
        if context.nat is not None and context.nat.is_meant(decision):
            return Step(FILTER, BLOCKED, f"the host drops {what}: {by}", "operator_rule")
        code, why = reason(decision, *ends)
        return Step(FILTER, FAILED, f"the host drops {what}: {why}{by}", code)
    if (rule := undecided(outcome)) is not None:
        return Step(
            FILTER, UNKNOWN, f"{decided_by(rule)} may match {what}: it is not understood", "rule_not_understood"
        )
    return None


def joined_steps(*steps: Step | None) -> tuple[Step, ...]:
    """Join the steps of a packet and of its answer: of what is unknown only the first is named."""
    found = [step for step in steps if step is not None]
    return tuple(found[:1] if all(step.state == UNKNOWN for step in found) else found)


def may_translate(outcome: Outcome) -> bool:
    """Whether a rule may send the packet elsewhere, or change its source: no later step is certain."""
    return any(one.effect not in ENDS for one in outcome.uncertain)


def undecided(outcome: Outcome) -> Decision | None:
    """Return the first rule that may change what becomes of the packet."""
    return next(iter(outcome.uncertain), None)


def reason(decision: Decision, source: Network | None, target: Network | None) -> tuple[str, str]:
    """Return the code of a drop and the beginning of its sentence."""
    rule = decision.rule
    if rule is None or not _is_engines(rule, source, target):
        return "drop_rule", ""
    if source is not None and source is target:
        return "icc_disabled", f"network {source.name} has enable_icc=false, "
    internal = next((network for network in (source, target) if network is not None and network.internal), None)
    if internal is not None:
        return "internal_network", f"network {internal.name} is internal, "
    names = " and ".join(network.name for network in (source, target) if network is not None)
    return "network_isolated", f"Docker isolates {names}, "


def _is_engines(rule: Rule, source: Network | None, target: Network | None) -> bool:
    """Whether an engine wrote the rule: in a chain of its own, or one about its bridges in a built-in chain."""
    if is_dockers(rule.table, rule.chain):
        return True
    bridges = {network.bridge for network in (source, target) if network is not None}
    if source is not None and source is target and {rule.value(IIF), rule.value(OIF)} == bridges:
        return not source.options.icc
    return rule.table == RAW and rule.value(IIF, UNEQUAL) in bridges


def filter_step(name: str, view: NamespaceView, *devices: Device) -> Step | None:
    """Return the step of tc filters and BPF programs at devices of the path; None where there are none."""
    if (why := view.missing(FILTERS)) is not None:
        return unread_step(name, "tc filters and BPF programs could not be read", why)
    found = view.filters_at(*devices)
    return Step(name, UNKNOWN, f"not evaluated: {found}", "rule_not_understood") if found else None
