"""Where an engine puts its rules: the chains of iptables, or those of its own nftables tables."""

from dataclasses import dataclass

from exporter.core.nat.ruleset import DOCKER_BRIDGES, FILTER, NAT, Place, Ruleset


@dataclass(frozen=True, slots=True)
class Layout:
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


def layout_of(rules: Ruleset) -> Layout:
    """Return the layout of the rules, by their tables."""
    return NATIVE if any(table == DOCKER_BRIDGES for _, table, _ in rules.chains) else IPTABLES
