"""How the rows of the table are written: an outage, or an ordinary habit."""

from typing import Any

from tests.truth.case import Case, Plant, Probe, Verdict
from tests.truth.probes import WEB

BROKEN = frozenset({Verdict.BROKEN})
NOT_WHOLE = frozenset({Verdict.BROKEN, Verdict.UNKNOWN})
NOT_BROKEN = frozenset({Verdict.WHOLE, Verdict.UNKNOWN})
WHOLE = frozenset({Verdict.WHOLE})
LOUD, CRITICAL = frozenset({"warning", "critical"}), frozenset({"critical"})


def outage(name: str, kind: str, plant: Plant, *finds: str, asked: str = "8080", **options: Any) -> Case:
    """A fault: a connection that works before fails, and one of the kinds in `finds` must be found."""
    probe: Probe = options.pop("probe", WEB)
    settings = {"works": False, "verdicts": BROKEN, **options}
    return Case(name, kind, plant, probe, asked=asked, finds=finds, **settings)


def unknown(name: str, kind: str, plant: Plant, *finds: str, **options: Any) -> Case:
    """An outage by a condition that need not be understood: the verdict may be unknown, never whole."""
    return outage(name, kind, plant, *finds, verdicts=NOT_WHOLE, **options)


def ordinary(name: str, kind: str, plant: Plant, *, asked: str = "8080", **options: Any) -> Case:
    """A habit that breaks nothing: no finding may be louder than info, and `explain` must not say broken."""
    probe: Probe = options.pop("probe", WEB)
    settings = {"works": True, "verdicts": NOT_BROKEN, "forbidden": LOUD, **options}
    return Case(name, kind, plant, probe, asked=asked, outage=False, **settings)


def meant(name: str, kind: str, plant: Plant, *, asked: str = "8080", **options: Any) -> Case:
    """A habit that closes a port on purpose: no finding may be louder than info, and `explain` must not say whole."""
    return ordinary(name, kind, plant, asked=asked, works=False, verdicts=NOT_WHOLE, **options)
