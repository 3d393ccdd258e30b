"""Decode one rule from its bytes, which exclude its counter's values: equal bytes are decoded once."""

from functools import lru_cache

from exporter.core.nat.ruleset import UNKNOWN, Condition, Rule
from exporter.kernel.firewall.nftables import nfta
from exporter.kernel.firewall.nftables.dump import FAMILIES
from exporter.kernel.firewall.nftables.expressions import take
from exporter.kernel.firewall.nftables.machine import State
from exporter.kernel.netlink.messages import text, walk
from exporter.kernel.netlink.nfnetlink import attributes


@lru_cache(1 << 16)
def decode(family: int, table: str, chain: str, expressions: bytes, userdata: bytes) -> Rule:
    """Decode a rule; an expression or comparison that is not understood is a condition of its own."""
    state = State(FAMILIES.get(family, ""))
    try:
        for _, expression in walk(expressions):
            parts = attributes(expression)
            take(state, text(parts.get(nfta.EXPR_NAME, b"")), parts.get(nfta.EXPR_DATA))
    except ValueError:  # another form than this: what was not read may say anything
        state.conditions.append(Condition("rule", UNKNOWN))
        state.made.setdefault("target", "?rule")
    state.made.setdefault("effects", tuple(state.effects))
    comment = text(userdata[2 : 2 + userdata[1]]) if userdata[:1] == b"\0" and len(userdata) > 1 else ""
    return Rule(state.family, table, chain, conditions=tuple(state.conditions), comment=comment, **state.made)
