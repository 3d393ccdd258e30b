"""Rules of netfilter as values, whatever wrote them: iptables-nft, iptables-legacy, Docker's own nftables tables.

What a reader does not understand stays visible as a condition with the operator UNKNOWN: a rule never looks more
general than it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

IP, IP6, INET = "ip", "ip6", "inet"
FAMILIES = (IP, IP6)
NAT, FILTER, RAW, DOCKER_BRIDGES = "nat", "filter", "raw", "docker-bridges"

Place: TypeAlias = tuple[str, str, str]  # family, table, chain

EQUAL, UNEQUAL, UNKNOWN = "==", "!=", "?"

# The keys that are understood, and what their values are.
IIF, OIF = "iif", "oif"  # a device's name; with '*' at its end the beginning of one
SRC, DST = "src", "dst"  # (network, mask) as numbers
SPORT, DPORT = "sport", "dport"  # (first, last)
PROTOCOL = "protocol"  # its name, or its number as text
STATE = "ctstate"  # mask of states of connection tracking
SRC_TYPE, DST_TYPE = "src_type", "dst_type"  # mask of address types
STATE_ESTABLISHED, STATE_NEW = 2, 8  # linux/netfilter/nf_conntrack_common.h: NF_CT_STATE_BIT
STATE_UNTRACKED, STATE_DNAT = 64, 128  # NF_CT_STATE_UNTRACKED_BIT; the last is a status: its destination was rewritten
TYPE_LOCAL = 1 << 2  # linux/netfilter/xt_addrtype.h: XT_ADDRTYPE_LOCAL

FULL_MASKS = frozenset({(1 << 32) - 1, (1 << 128) - 1})
# Targets that end a packet's way through the hook's chains of a table.
FINAL = frozenset({"ACCEPT", "DROP", "REJECT", "DNAT", "SNAT", "MASQUERADE", "REDIRECT", "NETMAP", "TPROXY", "QUEUE"})
JUMP, GOTO, MAP, RETURN = "JUMP", "GOTO", "MAP", "RETURN"
# Those that change or tell something, after which the next rule is met.
PASSING = frozenset(
    {
        *("", "CONTINUE", "LOG", "NFLOG", "ULOG", "AUDIT", "TRACE", "MARK", "CONNMARK", "CONNSECMARK", "SECMARK"),
        *("TCPMSS", "CHECKSUM", "CT", "NOTRACK", "SET", "CLASSIFY", "TOS", "DSCP", "ECN", "TTL", "HL", "RATEEST"),
    }
)


class Condition(NamedTuple):
    """What a packet must be; of an UNKNOWN one the key is the name of what was not understood."""

    key: str
    operator: str
    value: Any = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `target` is a target's name, JUMP, GOTO or MAP, or RETURN; `to` the chain, or the map of interfaces.

    `address` and `port` are where DNAT and SNAT lead, '' and 0 where they keep it. `by` is what a map is asked by: IIF,
    OIF, or something that is not understood.
    """

    family: str
    table: str
    chain: str
    target: str = ""
    to: str = ""
    address: str = ""
    port: int = 0
    conditions: tuple[Condition, ...] = ()
    comment: str = ""
    by: str = ""

    @property
    def place(self) -> Place:
        """The chain that it stands in."""
        return self.family, self.table, self.chain

    def value(self, key: str, operator: str = EQUAL) -> Any:
        """What it wants of a key; None when it wants nothing."""
        return next((c.value for c in self.conditions if c.key == key and c.operator == operator), None)


@dataclass(frozen=True, slots=True)
class Base:
    """How the kernel enters a chain; `policy` is ACCEPT or DROP, for what no rule decides."""

    hook: str
    policy: str


@dataclass(frozen=True, slots=True)
class Ruleset:
    """All rules of one moment and one backend. The same object while no rule changed.

    `chains` has every chain, with its rules in their order; `maps`: (family, table, map) -> interface -> chain, of the
    verdict maps that lead to chains and nowhere else.
    """

    chains: Mapping[Place, tuple[Rule, ...]] = field(default_factory=dict)
    bases: Mapping[Place, Base] = field(default_factory=dict)
    maps: Mapping[Place, Mapping[str, str]] = field(default_factory=dict)

    def has_docker_rules(self) -> bool:
        """Whether an engine wrote any of them."""
        return any(table == DOCKER_BRIDGES or (table == NAT and chain == "DOCKER") for _, table, chain in self.chains)

    def docker_rules(self) -> int:
        """How many rules are in chains of an engine's own."""
        return sum(len(rules) for (_, table, chain), rules in self.chains.items() if is_dockers(table, chain))


def is_dockers(table: str, chain: str) -> bool:
    """Whether an engine made the chain."""
    return table == DOCKER_BRIDGES or chain.startswith("DOCKER")


def is_one_address(wanted: tuple[int, int]) -> bool:
    """Whether network and mask are those of a single address."""
    return wanted[1] in FULL_MASKS
