"""The host's table of connections."""

from msgspec import Struct


class ConntrackStats(Struct, frozen=True):
    """How full the table is, and what was lost since the namespace began (nf_conntrack's own words).

    The three counters are None where the kernel was built without its statistics.
    """

    entries: int
    limit: int
    insert_failed: int | None = None
    drop: int | None = None
    early_drop: int | None = None
