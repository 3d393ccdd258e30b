"""The kinds that a selection may name: those of changes, and those of findings that began or ended."""

from exporter.core.history.change import KINDS
from exporter.core.nat.rules import NAT_KINDS
from exporter.core.network.rules import NETWORK_KINDS
from exporter.core.ports.rules import PORT_KINDS

SELECTABLE_KINDS = (*KINDS, *sorted({*NETWORK_KINDS, *PORT_KINDS, *NAT_KINDS}))


def kind_error(kind: str) -> str:
    """Return what is wrong with the name of a kind as one line, '' for a kind and for no name."""
    if not kind or kind in SELECTABLE_KINDS:
        return ""
    return f"unknown kind {kind!r}: expected one of {', '.join(SELECTABLE_KINDS)}"
