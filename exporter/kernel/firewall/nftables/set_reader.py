"""Read the sets and maps that rules look up; what is as before is not parsed again."""

import socket
from collections.abc import Iterable, Mapping

from msgspec import Struct, field

from exporter.core.nat.ruleset import IIF, IN, NOT_IN, OIF, Element, Place, Rule
from exporter.kernel.firewall.nftables import nfta
from exporter.kernel.firewall.nftables.dump import FAMILIES, GETSET, GETSETELEM, NUMBERS, Dump, Room, dump
from exporter.kernel.firewall.nftables.sets import parse_jumps, parse_set
from exporter.kernel.netlink.messages import text, walk
from exporter.kernel.netlink.nfnetlink import number

NEVER = -1  # no dump is of this generation


class Sets(Struct, frozen=True):
    """What was read: maps of interfaces to chains, elements of all others, and the dumps that they are from."""

    maps: dict[Place, Mapping[str, str]] = field(default_factory=dict)
    elements: dict[Place, tuple[Element, ...]] = field(default_factory=dict)
    dumps: list[Dump] = field(default_factory=list)


Parsed = tuple[Mapping[str, str] | None, tuple[Element, ...] | None]


class SetReader:
    """Keeps the last content of each set by its messages."""

    def __init__(self) -> None:
        self._known: dict[Place, tuple[str, int, list[bytes], Parsed]] = {}

    def read(self, sock: socket.socket, rules: Iterable[Rule], room: Room) -> Sets:
        """Read all that the rules look up. Raises OSError for a refusal and where there is no room."""
        wanted = _wanted(rules)
        found = Sets()
        if not wanted:
            self._known = {}
            return found
        found.dumps.append(room.take(dump(sock, GETSET)))
        flags = _flags(found.dumps[0])
        known = {}
        for place, keys in sorted(wanted.items()):
            family, table, name = place
            try:
                elements = room.take(dump(sock, GETSETELEM, NUMBERS[family], table, name))
            except FileNotFoundError:  # it went with its rules, after these were read
                found.dumps.append(Dump([(0, b"")], NEVER))
                continue
            found.dumps.append(elements)
            messages = [message for _, message in elements.objects]
            known[place] = self._parsed(place, keys, flags.get(place, 0), messages)
            maps, content = known[place][-1]
            if maps is not None:
                found.maps[place] = maps
            elif content is not None:
                found.elements[place] = content
        self._known = known
        return found

    def _parsed(
        self, place: Place, keys: frozenset[str], flags: int, messages: list[bytes]
    ) -> tuple[str, int, list[bytes], Parsed]:
        by = min(keys)
        before = self._known.get(place)
        if before is not None and before[:3] == (by, flags, messages):
            return before
        maps = parse_jumps(messages) if keys <= {IIF, OIF} and messages else None
        return by, flags, messages, (maps, None if maps is not None else parse_set(by, flags, messages))


def _wanted(rules: Iterable[Rule]) -> dict[Place, frozenset[str]]:
    """Return the sets that rules look up, and by which keys."""
    found: dict[Place, frozenset[str]] = {}
    for rule in rules:
        names = [(c.value, c.key) for c in rule.conditions if c.operator in (IN, NOT_IN) and isinstance(c.value, str)]
        if rule.by:
            names.append((rule.to, rule.by))
        for name, key in names:
            place = rule.family, rule.table, name
            found[place] = found.get(place, frozenset()) | {key}
    return found


def _flags(sets: Dump) -> dict[Place, int]:
    found = {}
    for family, message in sets.objects:
        if family in FAMILIES:
            parts = dict(walk(message))
            place = FAMILIES[family], text(parts[nfta.SET_TABLE]), text(parts[nfta.SET_NAME])
            found[place] = number(parts.get(nfta.SET_FLAGS, b""))
    return found
