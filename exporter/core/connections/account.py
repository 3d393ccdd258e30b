"""The sums of one pair, of the ends that belong to it."""

from dataclasses import dataclass
from operator import add, ge, sub

from exporter.core.connections.reading import FAILURES, NONE_LIVING, Counts, Living, Row

ZERO = Counts()


@dataclass(slots=True)
class Account:
    """The sums of a pair, and what lived of it in the reading `read`; `changed_in` is the last reading with some."""

    created: float
    counts: Counts = ZERO
    living: Living = NONE_LIVING
    changed: float = 0.0
    changed_in: int = 0
    read: int = 0
    last_established: float = 0.0
    last_failed: float = 0.0

    def add(self, row: Row, counted: Counts, reading: int, now: float) -> Counts:
        """Add what exceeds `counted` and what lives; return what is counted now, which is never lower."""
        if row.living != NONE_LIVING:
            again = self.read == reading
            self.living = Living._make(map(add, self.living, row.living)) if again else row.living
            self.read = reading
        self.changed, self.changed_in = now, reading
        counts = row.counts if all(map(ge, row.counts, counted)) else Counts._make(map(max, row.counts, counted))
        if counts.established != counted.established:
            self.last_established = now
        if counts[FAILURES] != counted[FAILURES]:
            self.last_failed = now
        if self.counts is counted:  # nothing but this end: the usual case
            self.counts = counts
        else:
            self.counts = Counts._make(map(add, self.counts, map(sub, counts, counted)))
        return counts
