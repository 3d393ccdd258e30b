"""Routes inside the source."""

from typing import Any

from tests.truth.case import Plant
from tests.truth.plants import both, sysctl
from tests.truth.reach.changes import outside, within
from tests.truth.reach.planting import box, client, joined, network, pair
from tests.truth.reach.situation import BOOKWORM, NEWER, SID, fails, works

OUTSIDE: dict[str, Any] = {"target": "$outside", "port": 7000, "answers": ("outside",)}
ADDRESS: dict[str, Any] = {"target": "$server"}
FAR = "198.51.100.7"
FAR_AWAY: dict[str, Any] = {"target": FAR, "port": 7000, "answers": ("outside",)}
FAR_END = outside(f"ip address add {FAR}/32 dev outside", f"ip address del {FAR}/32 dev outside")
INNER = network("inner", "10.44.0.0/24", internal=True)
DUAL = network("dual", "10.66.0.0/24", "fd00:66::/64")
TWO_DEFAULTS = (
    "ip route del default; ip route add default via 10.42.0.1 metric 100; "
    "ip route add default via 10.42.0.200 metric 50"
)
PRIORITY = both(network("zzz", "10.51.0.0/24"), client(), joined("client", "zzz", GwPriority=10))


def route(words: str) -> Plant:
    """A route of the client."""
    return within("client", f"ip route add {words}")


def policy(words: str, table: str) -> Plant:
    """A policy rule of the client, and the only route of its table."""
    return within("client", f"ip route add {table} table 100; ip rule add pref 100 {words} lookup 100")


SITUATIONS = (
    works("outside", client(), **OUTSIDE),
    works("outside from the default bridge", client("bridge"), **OUTSIDE),
    works("outside from two networks", both(client(), joined("client", "m")), **OUTSIDE),
    works("outside by the network of priority", PRIORITY, engines=(SID,), **OUTSIDE),
    works("second default route of less priority", client(), route("default via 10.42.0.200 metric 500"), **OUTSIDE),
    works("policy rule with a good route", client(), policy("to 192.0.2.0/24", "default via 10.42.0.1"), **OUTSIDE),
    works("policy rule by its own address", client(), policy("from $client", "default via 10.42.0.1"), **OUTSIDE),
    works("blackhole of another net", pair(), route("blackhole 10.0.0.0/8")),
    fails("default route deleted", "route", client(), within("client", "ip route del default"), **OUTSIDE),
    fails("eth0 down", "route", pair(), within("client", "ip link set eth0 down"), **ADDRESS),
    fails(
        "eth0 down and up", "route", client(), within("client", "ip link set eth0 down; ip link set eth0 up"), **OUTSIDE
    ),
    fails("address flushed", "route", pair(), within("client", "ip address flush dev eth0"), **ADDRESS),
    fails(
        "address without its subnet",
        "route",
        pair(),
        within("client", "ip address del $client/24 dev eth0; ip address add $client/32 dev eth0"),
        **ADDRESS,
    ),
    fails("mode none", "route", both(box("server"), client("none")), **ADDRESS),
    fails(
        "IPv6 address from IPv4 alone", "route", both(DUAL, box("server", "dual"), client()), target="$server_dual_six"
    ),
    fails(
        "IPv6 switched off inside",
        "route",
        both(DUAL, pair("dual")),
        sysctl("net.ipv6.conf.all.disable_ipv6", "1", "client"),
        target="$server_dual_six",
    ),
    fails("blackhole of the server", "route", pair(), route("blackhole $server"), **ADDRESS),
    fails("prohibit of the server", "route", pair(), route("prohibit $server")),
    fails("unreachable subnet", "route", client(), route("unreachable 192.0.2.0/24"), **OUTSIDE),
    fails("policy rule with a blackhole", "route", pair(), policy("to 10.42.0.0/24", "blackhole default"), **ADDRESS),
    fails(
        "policy rule by its own address with a blackhole",
        "route",
        client(),
        policy("from $client", "unreachable default"),
        **OUTSIDE,
    ),
    fails(
        "policy rule by its own address to a gateway that does not exist",
        "link route",
        client(),
        policy("from $client", "default via 10.42.0.200"),
        **OUTSIDE,
    ),
    fails("policy rule by port", "route", pair(), policy("ipproto tcp dport 80", "unreachable default"), **ADDRESS),
    fails(
        "first of two default routes leads nowhere",
        "link route",
        client(),
        within(
            "client",
            TWO_DEFAULTS,
        ),
        **OUTSIDE,
    ),
    fails(
        "policy rule to a gateway that does not exist",
        "link route",
        client(),
        policy("from all", "default via 10.42.0.200"),
        **OUTSIDE,
    ),
    fails(
        "internal network to the outside, dropped",
        "filter",
        both(INNER, client("inner")),
        engines=(BOOKWORM,),
        **OUTSIDE,
    ),
    fails("internal network to the outside", "route", both(INNER, client("inner")), engines=NEWER, **OUTSIDE),
    fails("address that no container has", "link route", client(), target="10.42.0.200"),
    fails(
        "subnet over an address outside",
        "link route",
        both(FAR_END, client()),
        both(network("over", "198.51.100.0/24"), joined("client", "over", leave=True)),
        **FAR_AWAY,
    ),
)
