"""iptables-legacy as a ruleset: read now and then, for it tells no changes."""

from collections import Counter
from collections.abc import Hashable
from pathlib import Path

from exporter.core.nat.reading import Counted
from exporter.core.nat.ruleset import FAMILIES, FILTER, MANGLE, NAT, RAW, SECURITY, Ruleset
from exporter.kernel.firewall.iptables_legacy.tables import LegacyTable, read_table, table_names

TABLES = (NAT, FILTER, RAW, MANGLE, SECURITY)
COUNTED_TABLES = (NAT, FILTER, RAW)


class LegacyReader:
    """Reads in the network namespace of the calling thread; the same values while no rule changed."""

    def __init__(self, procfs: Path) -> None:
        self._procfs = procfs
        self._ruleset: Ruleset | None = None
        self._counted = Counted()

    def read(self) -> tuple[Ruleset | None, Counted, list[int]]:
        """Return the rules, what counts, and its packets; None where there is no legacy table.

        Raises OSError for a refusal.
        """
        tables = [
            read_table(family, name)
            for family in FAMILIES
            for name in table_names(self._procfs, family)
            if name in TABLES
        ]
        if not tables:
            self._ruleset, self._counted = None, Counted()
            return None, self._counted, []
        made, counted, packets = parse_tables(tables)
        if made != self._ruleset:
            self._ruleset, self._counted = made, counted
        return self._ruleset, self._counted, packets


def parse_tables(tables: list[LegacyTable]) -> tuple[Ruleset, Counted, list[int]]:
    """Put tables together: the rules, what counts, and its packets."""
    made = Ruleset(
        chains={place: rules for table in tables for place, rules in table.chains.items()},
        bases={place: base for table in tables for place, base in table.bases.items()},
    )
    counted = [table for table in tables if table.name in COUNTED_TABLES]
    return made, _counted(counted), [packets for table in counted for packets in table.packets]


def _counted(tables: list[LegacyTable]) -> Counted:
    """A legacy rule has no handle: it is known by what it says, and of equal ones by its number."""
    rules = tuple(rule for table in tables for chain in table.chains.values() for rule in chain)
    seen: Counter[Hashable] = Counter()
    keys = []
    for rule in rules:
        keys.append(("legacy", rule, seen[rule]))
        seen[rule] += 1
    return Counted(tuple(keys), rules)
