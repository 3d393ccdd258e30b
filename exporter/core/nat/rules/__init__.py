"""The NAT rules. To add one: its file, and a line in the list."""

from exporter.core.findings.rule import Input, Rule
from exporter.core.nat.context import NatContext
from exporter.core.nat.rules import (
    bridge_filtered,
    duplicate_dnat,
    forward_drop,
    forwarding_off,
    isolation_lost,
    missing_chain,
    missing_dnat,
    missing_jump,
    missing_masquerade,
    stale_conntrack,
    stale_dnat,
    two_backends,
    unreachable_jump,
    user_rules_bypassed,
    wrong_dnat,
)

NEEDS = frozenset(
    {Input.ENGINE, Input.HOST_NETWORK, Input.NAT, Input.RULE_SETTING, Input.DOCKER_RULES, Input.PODMAN_RULES}
)

# A reload of firewalld removes the rules for up to 3.3 s.
HOLD_SECONDS = 10.0
# A burst of starts writes rules for up to half a minute before the inventory has all of the containers.
INVENTORY_SECONDS = 60.0

NAT_RULES: tuple[Rule[NatContext], ...] = (
    Rule(missing_dnat.KIND, missing_dnat.check, NEEDS, HOLD_SECONDS),
    Rule(wrong_dnat.KIND, wrong_dnat.check, NEEDS, HOLD_SECONDS),
    Rule(stale_dnat.KIND, stale_dnat.check, NEEDS, INVENTORY_SECONDS),
    Rule(duplicate_dnat.KIND, duplicate_dnat.check, NEEDS, HOLD_SECONDS),
    Rule(missing_jump.KIND, missing_jump.check, NEEDS, HOLD_SECONDS),
    Rule(unreachable_jump.KIND, unreachable_jump.check, NEEDS, HOLD_SECONDS),
    Rule(missing_chain.KIND, missing_chain.check, NEEDS, HOLD_SECONDS),
    Rule(missing_masquerade.KIND, missing_masquerade.check, NEEDS, HOLD_SECONDS),
    Rule(forward_drop.KIND, forward_drop.check, NEEDS, HOLD_SECONDS),
    Rule(isolation_lost.KIND, isolation_lost.check, NEEDS, HOLD_SECONDS, isolation_lost.skipped),
    Rule(user_rules_bypassed.KIND, user_rules_bypassed.check, NEEDS, HOLD_SECONDS),
    Rule(forwarding_off.KIND, forwarding_off.check, NEEDS, HOLD_SECONDS),
    Rule(bridge_filtered.KIND, bridge_filtered.check, NEEDS, HOLD_SECONDS),
    Rule(two_backends.KIND, two_backends.check, NEEDS, HOLD_SECONDS),
    Rule(stale_conntrack.KIND, stale_conntrack.check, NEEDS, HOLD_SECONDS),
)
NAT_KINDS = tuple(rule.kind for rule in NAT_RULES)
