"""Rules of netfilter as values, whatever wrote them: iptables-nft, iptables-legacy, Docker's own nftables tables.

What a reader does not understand stays visible as a condition with the operator UNKNOWN: a rule never looks more
general than it is.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

from msgspec import Struct, field

IP, IP6, INET, NETDEV, BRIDGE = "ip", "ip6", "inet", "netdev", "bridge"
FAMILIES = (IP, IP6)
ARP = "arp"  # packets of the families bridge and netdev that are not of IP
NAT, FILTER, RAW, MANGLE, SECURITY, DOCKER_BRIDGES = "nat", "filter", "raw", "mangle", "security", "docker-bridges"

Place: TypeAlias = tuple[str, str, str]  # family, table, chain

EQUAL, UNEQUAL, IN, NOT_IN, UNKNOWN = "==", "!=", "in", "not in", "?"

# The keys that are understood, and what their values are. With IN and NOT_IN the value is the name of a set, or a tuple
# of values: of numbers and addresses of (first, last). Keys that are looked up together are joined by JOINED.
JOINED = " . "
IIF, OIF = "iif", "oif"  # a device's name; with '*' at its end the beginning of one
IIF_INDEX, OIF_INDEX = "iif_index", "oif_index"  # a device's ifindex
IIF_GROUP, OIF_GROUP = "iifgroup", "oifgroup"  # (value, mask) of a device's group
SRC, DST = "src", "dst"  # (network, mask) as numbers
SPORT, DPORT, EITHER_PORT = "sport", "dport", "port"  # (first, last)
ORIGINAL_DST, ORIGINAL_DPORT = "ct_original_dst", "ct_original_dport"  # before a translation; as DST and DPORT
MARK, CT_MARK = "mark", "ct_mark"  # (value, mask)
FAMILY = "nfproto"  # IP, IP6 or ARP
DIRECTION = "ct_direction"  # ORIGINAL or REPLY
ORIGINAL, REPLY = 0, 1  # linux/netfilter/nf_conntrack_tuple_common.h: IP_CT_DIR_*
TCP_FLAGS = "tcp_flags"  # (value, mask)
PACKET_TYPE = "pkttype"  # linux/if_packet.h: PACKET_*
REVERSE_PATH = "rpfilter"  # whether the route to the source uses the device that the packet came in by
BRIDGED = "physdev_is_bridged"  # whether a bridge, and not the host, sends the packet on
PROTOCOL = "protocol"  # its name, or its number as text
STATE = "ctstate"  # mask of states of connection tracking
SRC_TYPE, DST_TYPE = "src_type", "dst_type"  # mask of address types
# linux/netfilter/nf_conntrack_common.h: NF_CT_STATE_BIT
STATE_INVALID, STATE_ESTABLISHED, STATE_RELATED, STATE_NEW = 1, 2, 4, 8
STATE_UNTRACKED, STATE_DNAT = 64, 128  # NF_CT_STATE_UNTRACKED_BIT; the last is a status: its destination was rewritten
# None of the kernel: the first packet of a connection that is not tracked; a later one, whose source is masqueraded.
STATE_OPENS, STATE_MASQUERADED = 1 << 16, 1 << 17
TYPE_UNICAST, TYPE_LOCAL = 1 << 1, 1 << 2  # linux/netfilter/xt_addrtype.h: XT_ADDRTYPE_*

FULL_MASKS = frozenset({(1 << 32) - 1, (1 << 128) - 1})
# Targets that end a packet's way through the hook's chains of a table.
FINAL = frozenset({"ACCEPT", "DROP", "REJECT", "DNAT", "SNAT", "MASQUERADE", "REDIRECT", "NETMAP", "TPROXY", "QUEUE"})
JUMP, GOTO, MAP, RETURN = "JUMP", "GOTO", "MAP", "RETURN"
# Targets that change or log something, after which the next rule is evaluated.
PASSING = frozenset(
    {
        *("", "CONTINUE", "LOG", "NFLOG", "ULOG", "AUDIT", "TRACE", "MARK", "CONNMARK", "CONNSECMARK", "SECMARK"),
        *("TCPMSS", "CHECKSUM", "CT", "NOTRACK", "SET", "CLASSIFY", "TOS", "DSCP", "ECN", "TTL", "HL", "RATEEST"),
        *("TEE", "IDLETIMER", "LED"),
    }
)


class Condition(NamedTuple):
    """What a packet must be; of an UNKNOWN one the key is the name of what was not understood."""

    key: str
    operator: str
    value: Any = None


class Effect(NamedTuple):
    """What a rule does to a mark before its target applies: (mark & keep) ^ (other & take) ^ xor.

    `key` is MARK or CT_MARK, the other mark is that of the two which `key` is not; UNTRACKED ends connection tracking.
    `xor` is None where the new value is not known. It happens once the first `behind` conditions of the rule hold.
    """

    key: str
    keep: int = 0
    take: int = 0
    xor: int | None = 0
    behind: int = 0


UNTRACKED = "untracked"


class Element(NamedTuple):
    """An element of a set or map: a value for each joined key, () for those that no other element matches.

    A value is (first, last) of numbers and addresses, else as in a condition. `target` and `to` are the verdict and its
    chain; `address` and `port` are the target of a map of translations.
    """

    key: tuple[Any, ...]
    target: str = ""
    to: str = ""
    address: str = ""
    port: int = 0


class Rule(Struct, frozen=True):
    """One rule. `target` is a target's name, JUMP, GOTO or MAP, or RETURN; `to` the chain, or the map's name.

    `address` and `port` are the new ones of DNAT and SNAT, '' and 0 where they are kept. `by` are the keys by which a
    map is looked up, joined; a translation with such keys takes its target from the map `to`.
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
    effects: tuple[Effect, ...] = ()

    @property
    def place(self) -> Place:
        """The chain that it stands in."""
        return self.family, self.table, self.chain

    def value(self, key: str, operator: str = EQUAL) -> Any:
        """The value that a condition on the key requires; None without such a condition."""
        return next((c.value for c in self.conditions if c.key == key and c.operator == operator), None)


class Base(Struct, frozen=True):
    """How the kernel enters a chain; `policy` is ACCEPT or DROP, for what no rule decides.

    `kind` is filter, nat or route. Chains of a hook are entered by rising priority. `devices` are those of netdev.
    """

    hook: str
    policy: str
    kind: str = FILTER
    priority: int = 0
    devices: tuple[str, ...] = ()


class Ruleset(Struct, frozen=True):
    """All rules of one moment and one backend. The same object while no rule changed.

    `chains` has every chain, with its rules in their order; `maps`: (family, table, map) -> interface -> chain, of the
    verdict maps that lead to chains and nowhere else. `sets`: the elements of sets and of all other maps whose content
    is known.
    """

    chains: Mapping[Place, tuple[Rule, ...]] = field(default_factory=dict)
    bases: Mapping[Place, Base] = field(default_factory=dict)
    maps: Mapping[Place, Mapping[str, str]] = field(default_factory=dict)
    sets: Mapping[Place, tuple[Element, ...]] = field(default_factory=dict)

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
