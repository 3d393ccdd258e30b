"""firewalld with its backend iptables, running since before dockerd, which is on its bus."""

from typing import Any

from tests.truth.case import Case, Plant, nothing
from tests.truth.cases.firewalld import NEIGHBOUR, OUT, PANIC, added, direct, moved
from tests.truth.cases.firewalld_reload import APART, healed, reload
from tests.truth.lab import ON_IPTABLES
from tests.truth.rows import ordinary, outage

KIND = "firewalld with iptables"


OLD: dict[str, Any] = {"engines": ("bookworm",), "fresh": True}
NEW: dict[str, Any] = {"engines": ("sid",), "fresh": True}


def habit(name: str, plant: Plant, **options: Any) -> Case:
    """What breaks no connection."""
    return ordinary(f"{KIND}: {name}", KIND, plant, programs=ON_IPTABLES, **options)


def fault(name: str, plant: Plant, *finds: str, **options: Any) -> Case:
    """What fails a connection."""
    return outage(f"{KIND}: {name}", KIND, plant, *finds, programs=ON_IPTABLES, **options)


CASES = (
    habit("runs", nothing),
    habit("runs, and the way out", nothing, **OUT),
    habit("runs, and isolation", nothing, **APART),
    habit("service added", added("service=https")),
    habit("bridge in the public zone, and the way out", moved("br-n", "public"), **OUT),
    # it stands behind Docker's own rules
    habit("direct rule that drops", direct("ipv4 filter FORWARD 0 -o docker0 -j DROP")),
    fault("panic mode", PANIC, "forward_drop", once=True),
    fault("panic mode, and the way out", PANIC, "forward_drop", once=True, **OUT),
    fault("panic mode, and a neighbour", PANIC, "bridge_filtered", once=True, **NEIGHBOUR),
    fault("reload", reload(), "isolation_lost", **APART, **OLD),
    habit("reload of 28", healed(), **NEW),
    habit("reload of 28, and the way out", healed(), **OUT, **NEW),
)
