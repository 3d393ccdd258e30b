"""A rule as its tool writes it, as far as it is decoded: iptables in its own tables, nft in all others."""

from collections.abc import Iterator, Mapping
from typing import Any

from exporter.core.nat.format import address_text
from exporter.core.nat.ruleset import (
    CT_MARK,
    DPORT,
    DST,
    DST_TYPE,
    EITHER_PORT,
    EQUAL,
    FAMILIES,
    FAMILY,
    FILTER,
    GOTO,
    IIF,
    IIF_GROUP,
    IIF_INDEX,
    IN,
    IP,
    IP6,
    JOINED,
    JUMP,
    MANGLE,
    MAP,
    MARK,
    NAT,
    OIF,
    OIF_GROUP,
    OIF_INDEX,
    ORIGINAL_DPORT,
    ORIGINAL_DST,
    PROTOCOL,
    RAW,
    SECURITY,
    SPORT,
    SRC,
    SRC_TYPE,
    STATE,
    TCP_FLAGS,
    UNEQUAL,
    UNKNOWN,
    Condition,
    Rule,
)
from exporter.core.nat.walk.outcome import Decision

IPTABLES_TABLES = (NAT, FILTER, RAW, MANGLE, SECURITY)
IPTABLES: Mapping[str, str] = {
    SRC: "-s",
    DST: "-d",
    IIF: "-i",
    OIF: "-o",
    IIF_GROUP: "--src-group",
    OIF_GROUP: "--dst-group",
    PROTOCOL: "-p",
    SPORT: "--sport",
    DPORT: "--dport",
    EITHER_PORT: "--port",
    STATE: "--ctstate",
    SRC_TYPE: "--src-type",
    DST_TYPE: "--dst-type",
    MARK: "--mark",
    CT_MARK: "-m connmark --mark",
    ORIGINAL_DST: "--ctorigdst",
    ORIGINAL_DPORT: "--ctorigdstport",
    TCP_FLAGS: "--tcp-flags",
}
NFT: Mapping[str, str] = {
    SRC: "ip saddr",
    DST: "ip daddr",
    IIF: "iifname",
    OIF: "oifname",
    PROTOCOL: "meta l4proto",
    SPORT: "th sport",
    DPORT: "th dport",
    STATE: "ct state",
    SRC_TYPE: "fib saddr type",
    DST_TYPE: "fib daddr type",
    FAMILY: "meta nfproto",
    MARK: "meta mark",
    CT_MARK: "ct mark",
    IIF_INDEX: "iif",
    OIF_INDEX: "oif",
    IIF_GROUP: "iifgroup",
    OIF_GROUP: "oifgroup",
    ORIGINAL_DST: "ct original ip daddr",
    ORIGINAL_DPORT: "ct original proto-dst",
    TCP_FLAGS: "tcp flags",
}
VERSIONS = {IP: "ipv4", IP6: "ipv6"}
STATES = {1: "INVALID", 2: "ESTABLISHED", 4: "RELATED", 8: "NEW", 64: "UNTRACKED", 128: "DNAT"}
TYPES = {2: "UNICAST", 4: "LOCAL", 8: "BROADCAST", 32: "MULTICAST"}
FLAGS = {1: "FIN", 2: "SYN", 4: "RST", 8: "PSH", 16: "ACK", 32: "URG", 64: "ECE", 128: "CWR"}
NO_FLAG = "none"
TO = {"DNAT": "--to-destination", "SNAT": "--to-source", "REDIRECT": "--to-ports"}
LONGEST = 160
ALL_BITS = 0xFFFFFFFF


def decided_by(decision: Decision) -> str:
    """Name what decides: `rule 2 of ip filter FORWARD (-o docker0 -j DROP)`, or `the policy of ip filter FORWARD`."""
    if decision.rule is None:
        return f"the policy of {' '.join(decision.base)}"
    return f"rule {decision.number} of {' '.join(decision.place)} ({rule_text(decision.rule)})"


def rule_text(rule: Rule) -> str:
    """Write a rule down, cut where it is long."""
    iptables = rule.family in FAMILIES and rule.table in IPTABLES_TABLES
    words = [*(_iptables(rule) if iptables else _nft(rule))]
    text = " ".join(words)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def _iptables(rule: Rule) -> Iterator[str]:
    for condition in rule.conditions:
        if condition.operator == UNKNOWN or condition.key not in IPTABLES:
            yield f"-m {condition.key} ..."
        else:
            sign = "" if condition.operator in (EQUAL, IN) else "! "
            mask = f"{_mask(condition)} " if _mask(condition) else ""
            yield f"{sign}{IPTABLES[condition.key]} {mask}{_value(rule.family, condition)}"
    if rule.target in (JUMP, GOTO):
        yield f"{'-g' if rule.target == GOTO else '-j'} {rule.to}"
    elif rule.target:
        yield f"-j {rule.target}"
        if rule.target in TO and (rule.address or rule.port):
            yield f"{TO[rule.target]} {_destination(rule)}"


def _nft(rule: Rule) -> Iterator[str]:
    family = rule.family if rule.family in FAMILIES else rule.value(FAMILY, EQUAL) or IP
    for condition in rule.conditions:
        if condition.operator == UNKNOWN:
            yield f"{condition.key} ..."
        else:
            sign = "" if condition.operator in (EQUAL, IN) else "!= "
            value = " / ".join(filter(None, [_value(family, condition), _mask(condition)]))
            value = value.lower().replace(NO_FLAG, "0") if condition.key == TCP_FLAGS else value
            yield f"{_nft_names(condition.key, family)} {sign}{value}"
    target = rule.target.lower()
    if rule.target in (JUMP, GOTO):
        yield f"{target} {rule.to}"
    elif rule.target == MAP:
        yield f"{_nft_names(rule.by, family)} vmap @{rule.to}"
    elif rule.by:
        yield f"{target} to {_nft_names(rule.by, family)} map @{rule.to}"
    elif rule.target:
        yield f"{target} to {_destination(rule)}" if rule.address or rule.port else target


def _nft_names(joined: str, family: str) -> str:
    """Name what a condition or a map compares: `ip6 saddr . th dport`."""
    names = JOINED.join(NFT.get(key, key) for key in joined.split(JOINED))
    return names.replace("ip ", "ip6 ") if family == IP6 else names


def _mask(condition: Condition) -> str:
    """The flags that are compared; '' where the condition is not about flags of TCP, or has a list of them."""
    if condition.key != TCP_FLAGS or condition.operator not in (EQUAL, UNEQUAL):
        return ""
    return _flags(condition.value[1])


def _flags(bits: int) -> str:
    return ",".join(name for bit, name in FLAGS.items() if bits & bit) or NO_FLAG.upper()


def _destination(rule: Rule) -> str:
    address = f"[{rule.address}]" if ":" in rule.address and rule.port else rule.address
    return f"{address}:{rule.port}" if address and rule.port else address or str(rule.port)


def _value(family: str, condition: Condition) -> str:
    value = condition.value
    if isinstance(value, str):
        plain = VERSIONS.get(value, value) if condition.key == FAMILY else value
        return plain if condition.operator in (EQUAL, UNEQUAL) else f"@{value}"
    if _mask(condition):
        return _flags(value[0])
    listed = condition.operator not in (EQUAL, UNEQUAL) and isinstance(value, tuple)
    return (
        ",".join(_one(family, condition.key, one, listed=True) for one in value)
        if listed
        else _one(family, condition.key, value, listed=False)
    )


def _one(family: str, key: str, value: Any, *, listed: bool) -> str:
    if key in (SRC, DST, ORIGINAL_DST):
        if not listed:
            return address_text(IP if value[1] < 1 << 32 else IP6, *value)
        family, whole = (IP, ALL_BITS) if family == IP and value[1] <= ALL_BITS else (IP6, (1 << 128) - 1)
        return "-".join(address_text(family, end, whole) for end in dict.fromkeys(value))
    if key in (STATE, SRC_TYPE, DST_TYPE):
        names = STATES if key == STATE else TYPES
        return ",".join(name for bit, name in names.items() if value & bit) or str(value)
    if isinstance(value, tuple):
        if key in (MARK, CT_MARK, IIF_GROUP, OIF_GROUP):
            return f"{value[0]:#x}" if value[1] == ALL_BITS else f"{value[0]:#x}/{value[1]:#x}"
        return "-".join(map(str, dict.fromkeys(value)))
    return str(value)
