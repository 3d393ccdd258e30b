"""Which of a chain's rules a packet can meet at all: of thousands a handful."""

from exporter.core.nat.packet import Inside, Packet
from exporter.core.nat.ruleset import DPORT, DST, IIF, IN, OIF, PROTOCOL, Rule, is_one_address
from exporter.core.nat.walk.conditions import may_be_open

SOME = "some"  # address of the host's or of outside: which is not known
MOST_PORTS = 16  # of a list or range that is indexed port by port

Key = tuple[object, ...]


class ChainIndex:
    """The rules of a chain by the address, ports or bridge that each matches; all packets meet the others."""

    def __init__(self, rules: tuple[Rule, ...], inside: Inside) -> None:
        self._rules = rules
        self._keyed: dict[Key, list[int]] = {}
        self._others: list[int] = []
        for number, rule in enumerate(rules):
            keys = _keys(rule, inside)
            for key in keys:
                self._keyed.setdefault(key, []).append(number)
            if not keys:
                self._others.append(number)
        self._always = [(number, rules[number]) for number in self._others]

    def candidates(self, packet: Packet) -> list[tuple[int, Rule]]:
        """Return those that a packet meets, in their order, with their places in the chain."""
        port = packet.protocol, packet.dport
        keys: list[Key] = [(PROTOCOL, *port), (IIF, packet.iif), (OIF, packet.oif)]
        keys += [(SOME,), (SOME, *port)] if packet.dst is None else [(DST, packet.dst)]
        found = [number for key in keys if key in self._keyed for number in self._keyed[key]]
        if not found:
            return self._always
        return [(number, self._rules[number]) for number in sorted(self._others + found)]


def _keys(rule: Rule, inside: Inside) -> list[Key]:
    """Return what a packet must ask for to meet a rule; one of several, whichever way its destination is known."""
    destination, protocol = rule.value(DST), rule.value(PROTOCOL)
    ports = [(protocol, port) for port in _ports(rule)] if protocol is not None else []
    if destination is not None and is_one_address(destination):
        keys: list[Key] = [(DST, destination[0])]
        if may_be_open(destination, inside):
            keys += [(SOME, *port) for port in ports] or [(SOME,)]
        return keys
    if ports:
        return [(PROTOCOL, *port) for port in ports]
    return next(([(key, name)] for key in (OIF, IIF) if (name := rule.value(key)) in inside.bridges), [])


def _ports(rule: Rule) -> list[int]:
    """The ports that a rule matches, where they are few."""
    wanted = rule.value(DPORT)
    ranges = rule.value(DPORT, IN) if wanted is None else (wanted,)
    if not isinstance(ranges, tuple):
        return []
    found: list[int] = []
    for first, last in ranges:
        if len(found) + last - first >= MOST_PORTS:
            return []
        found += range(first, last + 1)
    return found
