"""All situations, one file for each kind."""

from dataclasses import replace

from tests.truth.reach.situation import Situation
from tests.truth.reach.situations import (
    by_hand,
    everyday,
    firewalls,
    firewalls_host,
    firewalls_nft,
    inside,
    isolation,
    links,
    listeners,
    lives,
    names,
    published,
    routes,
    routes_back,
    sent,
    settings,
    sizes,
    unresolved,
)

_KINDS = {
    "name": names,
    "no name": unresolved,
    "route": routes,
    "route of host or server": routes_back,
    "link": links,
    "isolation": isolation,
    "firewall": firewalls,
    "firewall of nft": firewalls_nft,
    "firewall of the host": firewalls_host,
    "inside": inside,
    "listener": listeners,
    "published or host": published,
    "size": sizes,
    "settings": settings,
    "life of containers": lives,
    "changed by hand": by_hand,
    "sent packets": sent,
    "everyday": everyday,
}

SITUATIONS: tuple[Situation, ...] = tuple(
    replace(one, kind=kind) for kind, module in _KINDS.items() for one in module.SITUATIONS
)
