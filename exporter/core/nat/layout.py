"""Where an engine puts its rules: the chains of iptables, or those of its own nftables tables."""

from msgspec import Struct

from exporter.core.nat.ruleset import DOCKER_BRIDGES, FAMILIES, FILTER, NAT, Place, Ruleset


class Layout(Struct, frozen=True):
    """Names of tables and chains; `entry` is the chain with a DNAT rule for each published port."""

    nat: str
    entry: str
    prerouting: str
    output: str
    postrouting: str
    filter: str
    forward: str
    filter_entry: str

    def nat_place(self, family: str, chain: str) -> Place:
        """A chain that translates."""
        return family, self.nat, chain

    def required(self, family: str) -> tuple[Place, ...]:
        """The chains without which nothing works."""
        chains = (self.entry, self.prerouting, self.output, self.postrouting)
        return (*((family, self.nat, chain) for chain in chains), (family, self.filter, self.filter_entry))


IPTABLES = Layout(NAT, "DOCKER", "PREROUTING", "OUTPUT", "POSTROUTING", FILTER, "FORWARD", "DOCKER")
NATIVE = Layout(
    DOCKER_BRIDGES,
    "nat-prerouting-and-output",
    "nat-PREROUTING",
    "nat-OUTPUT",
    "nat-POSTROUTING",
    DOCKER_BRIDGES,
    "filter-FORWARD",
    "filter-FORWARD",
)
# Chains of Docker's own by their names, in either layout.
INGRESS = "DOCKER-INGRESS"
USER = "DOCKER-USER"
FORWARD_SINCE_28 = "DOCKER-FORWARD"
# In Docker's own tables: a network's chain is PURPOSE__BRIDGE, and the map PURPOSE-jumps jumps there.
BEFORE_BRIDGE, MAP_SUFFIX, TRANSLATING = "__", "-jumps", "nat-"


def layout_of(rules: Ruleset) -> Layout:
    """Return the layout of the rules, by their tables."""
    return NATIVE if any(table == DOCKER_BRIDGES for _, table, _ in rules.chains) else IPTABLES


def families_of(rules: Ruleset) -> frozenset[str]:
    """Return the families that an engine has rules of."""
    layout = layout_of(rules)
    return frozenset(family for family in FAMILIES if layout.nat_place(family, layout.entry) in rules.chains)
