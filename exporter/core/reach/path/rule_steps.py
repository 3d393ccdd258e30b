"""What rules do to a packet, as a step: who drops it, or which rule may and is not understood."""

from exporter.core.explain.path import BLOCKED, FAILED, UNKNOWN, Step
from exporter.core.model.docker import Network
from exporter.core.nat.ruleset import IIF, OIF, RAW, UNEQUAL, Rule, is_dockers
from exporter.core.nat.walk.outcome import Decision, Outcome
from exporter.core.nat.walk.rule_text import decided_by
from exporter.core.reach.answer import FILTER, INSIDE
from exporter.core.reach.context import ReachContext
from exporter.core.reach.view import FILTERS, RULES, Device, NamespaceView, Unread


def unread_step(name: str, what: str, why: Unread) -> Step:
    """The step of what could not be looked at."""
    if why.privilege:
        return Step(name, UNKNOWN, f"{what}: {why.detail} (needs {why.privilege})", "privilege_missing")
    return Step(name, UNKNOWN, f"{what}: {why.detail}", "not_readable")


def own_rules_step(view: NamespaceView, whose: str, outcome: Outcome, what: str) -> Step | None:
    """Return the step of a container's own rules where they drop a packet, or may; None where they pass it."""
    if (why := view.missing(RULES)) is not None:
        return unread_step(INSIDE, f"the firewall rules of {whose} could not be read", why)
    if outcome.dropped and outcome.decision is not None:
        return Step(INSIDE, FAILED, f"{whose} drops {what}: {decided_by(outcome.decision)}", "container_rule")
    if (unclear := undecided(outcome)) is not None:
        detail = f"{decided_by(unclear)} of {whose} may match {what}: it is not understood"
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
    if (unclear := undecided(outcome)) is not None:
        return Step(
            FILTER, UNKNOWN, f"{decided_by(unclear)} may match {what}: it is not understood", "rule_not_understood"
        )
    return None


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
    if source is target and {rule.value(IIF), rule.value(OIF)} == bridges:
        return True
    return rule.table == RAW and rule.value(IIF, UNEQUAL) in bridges


def filter_step(name: str, view: NamespaceView, *devices: Device) -> Step | None:
    """Return the step of tc filters and BPF programs at devices of the path; None where there are none."""
    if (why := view.missing(FILTERS)) is not None:
        return unread_step(name, "tc filters and BPF programs could not be read", why)
    found = view.filters_at(*devices)
    return Step(name, UNKNOWN, f"not evaluated: {found}", "rule_not_understood") if found else None
