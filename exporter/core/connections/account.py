"""The sums of one pair, of the ends that belong to it."""

from operator import add, ge, sub

from msgspec import Struct

from exporter.core.connections.pair import PairSums
from exporter.core.connections.reading import FAILURES, NONE_LIVING, Counts, Living, Row

ZERO = Counts()

make = tuple.__new__  # a third of the time that the class of a named tuple takes


class Account(Struct):
    """The sums of a pair, and the number of the last reading that changed them or had something that lives."""

    sums: PairSums
    read: int = 0

    def add(self, row: Row, counted: Counts, reading: int, now: float) -> Counts:
        """Add what exceeds `counted` and what lives; return what is counted now, which is never lower."""
        _, _, counts, living, _ = row
        former, lived, created, _, established, failed = self.sums
        if self.read == reading:
            living = make(Living, map(add, lived, living))
        if not all(map(ge, counts, counted)):
            counts = make(Counts, map(max, counts, counted))
        if counts[0] != counted[0]:
            established = now
        if counts[FAILURES] != counted[FAILURES]:
            failed = now
        # An end that is the only one of its pair is the usual case.
        total = counts if former is counted else make(Counts, map(add, former, map(sub, counts, counted)))
        self.sums, self.read = make(PairSums, (total, living, created, now, established, failed)), reading
        return counts

    def sums_of(self, reading: int) -> PairSums:
        """Return the sums; what lives of them is of this reading."""
        if self.read != reading and self.sums.living is not NONE_LIVING:
            self.sums = self.sums._replace(living=NONE_LIVING)
        return self.sums
