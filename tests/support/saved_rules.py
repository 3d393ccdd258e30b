"""What iptables-save tells, as rules: only what Docker and these tests write, anything else is an unknown condition."""

import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network

from msgspec.structs import replace

from exporter.core.nat.ruleset import (
    DPORT,
    DST,
    DST_TYPE,
    EITHER_PORT,
    EQUAL,
    GOTO,
    IIF,
    IN,
    IP,
    IP6,
    JUMP,
    MARK,
    NOT_IN,
    OIF,
    ORIGINAL_DPORT,
    ORIGINAL_DST,
    PROTOCOL,
    SPORT,
    SRC,
    SRC_TYPE,
    STATE,
    TCP_FLAGS,
    UNEQUAL,
    UNKNOWN,
    Base,
    Condition,
    Effect,
    Place,
    Rule,
    Ruleset,
)

# The connection's states and the address types that a mask has a bit for.
MARK_EFFECTS = {"--set-xmark": MARK, "--set-mark": MARK}
STATES = {"INVALID": 1, "ESTABLISHED": 2, "RELATED": 4, "NEW": 8, "UNTRACKED": 64, "DNAT": 128}
TYPES = {"UNICAST": 2, "LOCAL": 4, "BROADCAST": 8, "MULTICAST": 32}
UNDERSTOOD = frozenset(
    {"tcp", "udp", "sctp", "conntrack", "state", "addrtype", "comment", "multiport", "mark", "connmark", "iprange"}
)
TCP_FLAG_BITS = {"FIN": 1, "SYN": 2, "RST": 4, "PSH": 8, "ACK": 16, "URG": 32, "ALL": 63, "NONE": 0}
WHOLE_MATCH_UNKNOWN = frozenset({"--limit-iface-in"})  # with what stands before it
WITHOUT_VALUE = frozenset({"-f", "--limit-iface-in"})
# Kind and priorities of a table's chains, before the routing and behind it.
KINDS = {
    "nat": ("nat", (-100, 100)),
    "filter": ("filter", (0, 0)),
    "raw": ("filter", (-300, -300)),
    "mangle": ("filter", (-150, -150)),
}
BEHIND_ROUTING = ("INPUT", "POSTROUTING")
LINE = re.compile(r"(?:\[(?P<packets>\d+):\d+\] )?-A (?P<chain>\S+)(?P<rest>.*)")


@dataclass
class Saved:
    """One family's tables; the packets of each rule in the order of the text."""

    family: str
    chains: dict[Place, list[Rule]] = field(default_factory=dict)
    bases: dict[Place, Base] = field(default_factory=dict)
    packets: list[int] = field(default_factory=list)

    @property
    def rules(self) -> list[Rule]:
        """All rules, table by table and chain by chain."""
        return [rule for chain in self.chains.values() for rule in chain]


def parse(text: str, family: str = IP) -> Saved:
    """Parse the whole text of a family."""
    saved, table = Saved(family), ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("*"):
            table = line[1:]
        elif line.startswith(":"):
            _chain(saved, table, line[1:])
        elif (match := LINE.fullmatch(line)) is not None:
            place = family, table, match["chain"]
            chains = {chain for _, known, chain in saved.chains if known == table}
            saved.chains.setdefault(place, []).append(rule(place, match["rest"], chains))
            saved.packets.append(int(match["packets"] or 0))
    return saved


def ruleset(ip: str = "", ip6: str = "") -> Ruleset:
    """The rules of both families."""
    both = parse(ip), parse(ip6, IP6)
    return Ruleset(
        chains={place: tuple(rules) for saved in both for place, rules in saved.chains.items()},
        bases={place: base for saved in both for place, base in saved.bases.items()},
    )


def _chain(saved: Saved, table: str, line: str) -> None:
    name, policy, *_ = line.split()
    place = saved.family, table, name
    saved.chains[place] = []
    if policy != "-":
        kind, priorities = KINDS[table]
        saved.bases[place] = Base(name.lower(), policy, kind, priorities[name in BEHIND_ROUTING])


def rule(place: Place, text: str, chains: set[str] | None = None) -> Rule:
    """One rule, as it stands behind `-A CHAIN`; a target in capitals that is not in `chains` leads to no chain."""
    made: dict[str, object] = {}
    conditions = []
    words = shlex.split(text)
    while words:
        operator = UNEQUAL if words[0] == "!" else EQUAL
        option = words.pop(0) if operator == EQUAL else (words.pop(0), words.pop(0))[1]
        values = [] if option in WITHOUT_VALUE else [words.pop(0)]
        if option == "--tcp-flags":
            conditions.append(_tcp_flags(operator, values[0], words.pop(0)))
        elif option == "-m" and values != [] and values[0] not in UNDERSTOOD:
            while words and words[0] not in ("-j", "-g", "-m"):
                words.pop(0)
            conditions.append(Condition(values[0], UNKNOWN))
        elif option in ("-j", "-g"):
            made |= _target(option, values[0], chains or set())
        elif option in ("--to-destination", "--to-source", "--to-ports"):
            made |= _destination(values[0])
        elif option in MARK_EFFECTS:
            made["effects"] = (_effect(option, values[0]),)
        elif option in WHOLE_MATCH_UNKNOWN:
            conditions[-1:] = [Condition(option, UNKNOWN)]
        else:
            conditions += _conditions(option, operator, values)
    found = Rule(*place, conditions=tuple(conditions), **made)  # type: ignore[arg-type]
    behind = tuple(effect._replace(behind=len(conditions)) for effect in found.effects)
    return replace(found, effects=behind)


def _tcp_flags(operator: str, mask: str, value: str) -> Condition:
    bits = [sum(TCP_FLAG_BITS[name] for name in names.split(",")) for names in (value, mask)]
    return Condition(TCP_FLAGS, operator, tuple(bits))


def _marked(text: str) -> tuple[int, int]:
    mark, _, mask = text.partition("/")
    return int(mark, 0), int(mask or "0xffffffff", 0)


def _effect(option: str, text: str) -> Effect:
    mark, mask = _marked(text)
    return Effect(MARK_EFFECTS[option], keep=0xFFFFFFFF & ~mask, xor=mark)


def _target(option: str, name: str, chains: set[str]) -> dict[str, object]:
    if name in chains:
        return {"target": GOTO if option == "-g" else JUMP, "to": name}
    return {"target": name}


def _destination(text: str) -> dict[str, object]:
    address, port = text, ""
    if text.startswith("["):
        address, _, port = text[1:].partition("]:")
    elif text.isdecimal():
        address, port = "", text
    elif text.count(":") == 1:
        address, _, port = text.partition(":")
    return {"address": address, "port": int(port or 0)}


def _conditions(option: str, operator: str, values: list[str]) -> Iterator[Condition]:
    """What one option wants; options of targets want nothing."""
    [value] = values or [""]
    if option in SINGLE:
        key, convert = SINGLE[option]
        yield Condition(key, operator, convert(value))
    elif option in LISTS:
        key, convert = LISTS[option]
        yield Condition(key, listed(operator), convert(value))
    elif option == "-f":
        yield Condition(option, UNKNOWN)


def _ports(text: str) -> tuple[int, int]:
    first, _, last = text.partition(":")
    return int(first), int(last or first)


def _bits(names: dict[str, int]) -> Callable[[str], int]:
    return lambda text: sum(names[name] for name in text.split(","))


def listed(operator: str) -> str:
    """The operator for a list of values."""
    return IN if operator == EQUAL else NOT_IN


def network(text: str) -> tuple[int, int]:
    """Network and mask of what `-s` takes."""
    found = ip_network(text, strict=False)
    return int(found.network_address), int(found.netmask)


SINGLE: dict[str, tuple[str, Callable[[str], object]]] = {
    **{option: (key, network) for option, key in (("-s", SRC), ("-d", DST), ("--ctorigdst", ORIGINAL_DST))},
    **{option: (key, lambda text: re.sub(r"\+$", "*", text)) for option, key in (("-i", IIF), ("-o", OIF))},
    **{
        option: (key, _ports)
        for option, key in (("--dport", DPORT), ("--sport", SPORT), ("--ctorigdstport", ORIGINAL_DPORT))
    },
    "-p": (PROTOCOL, str),
    "--ctproto": (PROTOCOL, {"6": "tcp", "17": "udp"}.__getitem__),
    "--mark": (MARK, _marked),
    "--ctstate": (STATE, _bits(STATES)),
    "--state": (STATE, _bits(STATES)),
    "--dst-type": (DST_TYPE, _bits(TYPES)),
    "--src-type": (SRC_TYPE, _bits(TYPES)),
}
LISTS: dict[str, tuple[str, Callable[[str], object]]] = {
    **{
        option: (key, lambda text: tuple(map(_ports, text.split(","))))
        for option, key in (("--dports", DPORT), ("--sports", SPORT), ("--ports", EITHER_PORT))
    },
    **{
        option: (key, lambda text: (tuple(int(ip_address(part)) for part in text.split("-")),))
        for option, key in (("--src-range", SRC), ("--dst-range", DST))
    },
}
