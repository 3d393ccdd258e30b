"""The owner of a rule: by its target address, its bridge and its subnet."""

from exporter.core.nat.address_numbers import number_of
from exporter.core.nat.expected import Expected
from exporter.core.nat.layout import BEFORE_BRIDGE, INGRESS
from exporter.core.nat.ledger import DROP, MASQUERADE, PORT, Series
from exporter.core.nat.published_history import PublishedHistory
from exporter.core.nat.ruleset import (
    DOCKER_BRIDGES,
    DPORT,
    DST,
    EQUAL,
    FILTER,
    IIF,
    NAT,
    OIF,
    PROTOCOL,
    RAW,
    SRC,
    SRC_TYPE,
    UNEQUAL,
    Rule,
    is_dockers,
    is_one_address,
)

UNATTRIBUTED: Series = ()
TRANSLATES = frozenset({"MASQUERADE", "SNAT"})
REFUSES = frozenset({"DROP", "REJECT"})
ISOLATION, UNPUBLISHED, DIRECT = "isolation", "unpublished_port", "direct_access"
EITHER = "isolation_or_unpublished_port"
COMMENTS = {
    "UNPUBLISHED PORT DROP": EITHER,
    "DROP DIRECT ACCESS": DIRECT,
    "DROP REMOTE LOOPBACK": DIRECT,
    "INTERNAL NETWORK INGRESS": ISOLATION,
    "INTERNAL NETWORK EGRESS": ISOLATION,
}
STAGES = ("DOCKER-ISOLATION-STAGE-1", "DOCKER-ISOLATION-STAGE-2", "DOCKER-INTERNAL")


class Attribution:
    """For one inventory. An owner that is not known yet is None: a later inventory may name it."""

    def __init__(self, expected: Expected, history: PublishedHistory) -> None:
        self._expected = expected
        self._history = history
        self._by_bridge = {n.network.bridge: n.network.name for n in expected.networks}
        self._published = {
            (binding.protocol, target, binding.host_port): binding.container
            for binding in expected.bindings
            for target in binding.targets
        }
        self._by_number = {number_of(address): owner for address, owner in expected.owners.items()}

    def series(self, rule: Rule) -> Series | None:
        """Return the series that a rule's packets belong to; UNATTRIBUTED for those that are in none."""
        if rule.table in (NAT, DOCKER_BRIDGES):
            if rule.target == "DNAT":
                return self._port(rule)
            if rule.target in TRANSLATES:
                return self._masquerade(rule)
        if rule.target in REFUSES and (is_dockers(rule.table, rule.chain) or rule.table == RAW):
            return self._drop(rule)
        return UNATTRIBUTED

    def network(self, rule: Rule) -> str:
        """Return the network that a rule belongs to by the bridge that it names, else by its container; '' if none."""
        # In Docker's own tables a network's chain has its bridge behind two underscores.
        own = self._by_bridge.get(rule.chain.partition(BEFORE_BRIDGE)[2]) if rule.table == DOCKER_BRIDGES else None
        if own:
            return own
        for key in (IIF, OIF):
            for operator in (EQUAL, UNEQUAL):
                name = self._by_bridge.get(rule.value(key, operator) or "")
                if name:
                    return name
        owner = self._expected.owners.get(rule.address) if rule.address else None
        return owner.network if owner else ""

    def container(self, rule: Rule) -> str:
        """Return the container with the target address of a rule, or with an address that it matches; '' if none."""
        owner = self._expected.owners.get(rule.address) if rule.address else None
        for key in (DST, SRC):
            if owner is None and (wanted := rule.value(key)) is not None and is_one_address(wanted):
                owner = self._by_number.get(wanted[0])
        return owner.container if owner else ""

    def _port(self, rule: Rule) -> Series | None:
        ports = rule.value(DPORT)
        if not is_dockers(rule.table, rule.chain) or rule.chain == INGRESS or ports is None or ports[0] != ports[1]:
            return UNATTRIBUTED
        protocol = rule.value(PROTOCOL) or ""
        place = protocol, rule.address, ports[0]
        # The present publisher, else an earlier one, else the owner of the address, which may have had another before.
        name = self._published.get(place) or self._history.name(*place)
        if not name and (owner := self._expected.owners.get(rule.address)) is not None:
            name = owner.container
        return (PORT, name, protocol, str(ports[0])) if name else None

    def _masquerade(self, rule: Rule) -> Series | None:
        """Rules for a network's own hairpins, and for what the host sends into it, are not its way out."""
        bridge = rule.value(OIF, UNEQUAL)
        if bridge is None or rule.value(SRC_TYPE) is not None:
            return UNATTRIBUTED
        name = self._by_bridge.get(bridge)
        return None if name is None else (MASQUERADE, name)

    def _drop(self, rule: Rule) -> Series | None:
        reason = _reason(rule)
        if reason == UNPUBLISHED and self._expected.one_drop:
            reason = EITHER
        name = self.network(rule) or self._network_of_destination(rule)
        return UNATTRIBUTED if not reason else None if not name else (DROP, name, reason)

    def _network_of_destination(self, rule: Rule) -> str:
        destination = rule.value(DST)
        owner = self._by_number.get(destination[0]) if destination is not None else None
        return owner.network if owner else ""


def _reason(rule: Rule) -> str:
    if rule.table == RAW:
        return DIRECT if rule.value(IIF, UNEQUAL) else ""
    if rule.table == DOCKER_BRIDGES:
        return COMMENTS.get(rule.comment, "")
    if rule.table != FILTER:
        return ""
    if rule.chain in STAGES:
        return ISOLATION
    outside, bridge = rule.value(IIF, UNEQUAL), rule.value(OIF)
    # 28: `DOCKER ! -i BR -o BR -j DROP`; packets from other networks were dropped by the isolation rules before.
    return UNPUBLISHED if rule.chain == "DOCKER" and bridge is not None and outside == bridge else ""
