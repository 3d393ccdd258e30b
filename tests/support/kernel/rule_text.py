"""Rules compared with what another program wrote of them."""

from ipaddress import ip_address

from exporter.core.nat.ruleset import IN, NOT_IN, UNKNOWN, Condition, Rule


def said(rule: Rule) -> tuple[object, ...]:
    """What a rule says, whoever wrote it down.

    The order of its conditions is the writer's, and so are the names of those that are not understood.
    """
    known = frozenset(condition for condition in rule.conditions if condition.operator != UNKNOWN)
    return rule.place, known, len(known) < len(rule.conditions), rule.target, rule.to, rule.address, rule.port


def written(rule: Rule) -> str:
    """A rule on one line."""
    wants = ", ".join(_written(condition) for condition in rule.conditions)
    port = f"{rule.address}:{rule.port}" if rule.address or rule.port else ""
    comment = repr(rule.comment) if rule.comment else ""
    return " ".join(filter(None, (wants, rule.target or "-", rule.to, port, rule.by, comment)))


def _written(condition: Condition) -> str:
    key, operator, value = condition
    if operator == UNKNOWN:
        return f"?{key}"
    if operator in (IN, NOT_IN):
        return f"{key} {operator} {value}"
    if key in ("src", "dst"):
        number, mask = value
        value = f"{ip_address(number.to_bytes(4 if mask < 1 << 32 else 16, 'big'))}/{mask.bit_count()}"
    return f"{key} {operator} {'-'.join(map(str, value)) if isinstance(value, tuple) else value}"


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.strip().splitlines()]
