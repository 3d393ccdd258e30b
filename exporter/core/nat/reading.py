"""One reading of the rules and their counters."""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from msgspec import Struct, field

from exporter.core.nat.layout import NATIVE, layout_of
from exporter.core.nat.ruleset import Rule, Ruleset

# Whether bridged packets meet the rules of IP: a key of `forwarding`, longer than a device's name can be.
BRIDGE_FILTER = "bridge-nf-call-iptables"
IPTABLES_NFT, IPTABLES_LEGACY, NFTABLES = "iptables-nft", "iptables-legacy", "nftables"


class Ended(Struct, frozen=True):
    """A rule that was deleted, with the packets that it had counted at its end."""

    key: Hashable
    rule: Rule
    packets: int


def merged(ended: Iterable[Ended], known: AbstractSet[Hashable]) -> list[Ended]:
    """Merge entries of equal rules, except those with a known key: part of their packets was already counted."""
    kept = []
    sums: Counter[Rule] = Counter()
    for one in ended:
        if one.key in known:
            kept.append(one)
        elif one.packets:
            sums[one.rule] += one.packets
    return kept + [Ended(("merged", rule), rule, packets) for rule, packets in sums.items()]


class Counted(Struct, frozen=True):
    """Rules that count, each with a key that is its own while it lives; the same object while no rule changed."""

    keys: tuple[Hashable, ...] = ()
    rules: tuple[Rule, ...] = ()


class NatReading(Struct, frozen=True):
    """What both kinds of tables hold; a ruleset is None where there is none.

    `packets` belong to `counted`, place by place. `ended` came before them. `changes` counts the generations of
    nf_tables. `forwarding`: what the sysctls say, by 'ip', 'ip6' and the names of devices, True where unknown.
    `writers` are the processes that changed nf_tables since the last reading (NFTA_GEN_PROC_NAME).
    """

    nft: Ruleset | None = None
    legacy: Ruleset | None = None
    counted: Counted = field(default_factory=Counted)
    packets: Sequence[int] = ()
    ended: tuple[Ended, ...] = ()
    changes: int = 0
    forwarding: Mapping[str, bool] = field(default_factory=dict)
    writers: tuple[str, ...] = ()

    @property
    def docker(self) -> Ruleset | None:
        """The ruleset that an engine writes to; of two the one with more of its rules."""
        both = [rules for rules in (self.nft, self.legacy) if rules is not None and rules.has_docker_rules()]
        return max(both, key=Ruleset.docker_rules) if len(both) > 1 else next(iter(both), None)

    @property
    def backend(self) -> str:
        """What wrote the engine's rules; '' while there are none."""
        rules = self.docker
        if rules is None:
            return ""
        if rules is self.legacy:
            return IPTABLES_LEGACY
        return NFTABLES if layout_of(rules) is NATIVE else IPTABLES_NFT
