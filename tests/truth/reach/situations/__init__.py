"""All situations, one file for each kind."""

from dataclasses import replace

from tests.truth.reach.situation import Situation
from tests.truth.reach.situations import (
    firewalls,
    inside,
    isolation,
    links,
    listeners,
    names,
    published,
    routes,
    sizes,
    unresolved,
)

_KINDS = {
    "name": names,
    "no name": unresolved,
    "route": routes,
    "link": links,
    "isolation": isolation,
    "firewall": firewalls,
    "inside": inside,
    "listener": listeners,
    "published or host": published,
    "size": sizes,
}

SITUATIONS: tuple[Situation, ...] = tuple(
    replace(one, kind=kind) for kind, module in _KINDS.items() for one in module.SITUATIONS
)
