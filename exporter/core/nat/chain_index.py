"""Which of a chain's rules a packet can meet at all: of thousands a handful."""

from exporter.core.nat.packet import Packet
from exporter.core.nat.ruleset import DPORT, DST, IIF, OIF, PROTOCOL, Rule, is_one_address

SOME = "some"  # address of the host's or of outside: which is not known

Key = tuple[object, ...]


class ChainIndex:
    """The rules of a chain by the one address, port or bridge that each wants; the others are met by all."""

    def __init__(self, rules: tuple[Rule, ...], bridges: frozenset[str]) -> None:
        self._rules = rules
        self._keyed: dict[Key, list[int]] = {}
        self._others: list[int] = []
        for number, rule in enumerate(rules):
            keys = _keys(rule, bridges)
            for key in keys:
                self._keyed.setdefault(key, []).append(number)
            if not keys:
                self._others.append(number)

    def candidates(self, packet: Packet) -> list[Rule]:
        """Return those that a packet meets, in their order."""
        port = packet.protocol, packet.dport
        keys: list[Key] = [(PROTOCOL, *port), (IIF, packet.iif), (OIF, packet.oif)]
        keys += [(SOME,), (SOME, *port)] if packet.dst is None else [(DST, packet.dst)]
        found = [number for key in keys if key in self._keyed for number in self._keyed[key]]
        if not found:
            return [self._rules[number] for number in self._others]
        return [self._rules[number] for number in sorted(self._others + found)]


def _keys(rule: Rule, bridges: frozenset[str]) -> list[Key]:
    """Return what a packet must ask for to meet a rule; one of several, whichever way its destination is known."""
    destination, ports, protocol = rule.value(DST), rule.value(DPORT), rule.value(PROTOCOL)
    port = (protocol, ports[0]) if protocol is not None and ports is not None and ports[0] == ports[1] else ()
    if destination is not None and is_one_address(destination):
        return [(DST, destination[0]), (SOME, *port)]
    if port:
        return [(PROTOCOL, *port)]
    return next(([(key, name)] for key in (OIF, IIF) if (name := rule.value(key)) in bridges), [])
