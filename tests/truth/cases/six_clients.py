"""Clients of IPv6: neighbours that are not found, and ports of containers that have no address of IPv6."""

from typing import Any

from tests.truth.case import Case, Plant
from tests.truth.cases.six import HOST, PROBE, ip6tables, six
from tests.truth.plants import both, chain, container, nft, shell, table
from tests.truth.probes import published
from tests.truth.reach.changes import outside
from tests.truth.reach.planting import BRIDGE, network
from tests.truth.rows import ordinary, unknown

KIND = "IPv6"
INPUT = "type filter hook input priority 0; policy drop"
STATEFUL = ("ct state established,related accept", "iif lo accept", "tcp dport 22 accept")
FORGOTTEN = both(
    shell("ip -6 neigh flush dev br-six; ip -6 neigh flush dev enp0s3", ":"),
    outside("ip -6 neigh flush dev outside", ":"),
)
ADDRESSES = both(
    shell(f"ip address add {HOST}/64 dev enp0s3 nodad", f"ip address del {HOST}/64 dev enp0s3"),
    outside("ip address add 2001:db8::1/64 dev outside nodad", "ip address del 2001:db8::1/64 dev outside"),
)
DUPLICATE = both(
    outside(f"ip address add {HOST}/64 dev outside nodad", f"ip address del {HOST}/64 dev outside"),
    shell(
        f"ip address del {HOST}/64 dev enp0s3; ip address add {HOST}/64 dev enp0s3; sleep 3",
        f"ip address del {HOST}/64 dev enp0s3; ip address add {HOST}/64 dev enp0s3 nodad",
    ),
)


def found(row: Any, name: str, plant: Plant) -> Case:
    """A row about a container with an address of IPv6, whose neighbours have to be found anew."""
    made: Case = row(name, KIND, both(plant, FORGOTTEN), asked="8066", probe=PROBE, base=six, engines=("sid",))
    return made


def proxied(row: Any, name: str, plant: Plant) -> Case:
    """A row about web, which docker-proxy serves over IPv6."""
    made: Case = row(name, KIND, plant, probe=published(8080, "web", HOST), base=ADDRESSES, asked="8080")
    return made


def on_ipv6(row: Any, name: str, port: Any, *plants: Plant, where: str = "n", **options: Any) -> Case:
    """A row about a container without an address of IPv6, whose port is published on IPv6 alone."""
    settings = {"asked": "8067", "probe": published(8067, "srv"), "sound_before": False, **options}
    made: Case = row(name, KIND, both(*plants, container("srv", network=where, ports={"80/tcp": port})), **settings)
    return made


CASES = (
    found(unknown, "IPv6 neighbours: ICMPv6 dropped in INPUT", ip6tables("-I INPUT -p ipv6-icmp -j DROP")),
    found(
        unknown, "IPv6 neighbours: ICMPv6 of the bridge dropped", ip6tables("-I INPUT -i br-six -p ipv6-icmp -j DROP")
    ),
    found(unknown, "IPv6 neighbours: ICMPv6 dropped in OUTPUT", ip6tables("-I OUTPUT -p ipv6-icmp -j DROP")),
    found(
        unknown,
        "IPv6 neighbours: input policy drop without ICMPv6",
        nft(table("inet fw", chain(INPUT, *STATEFUL, "ip protocol icmp accept"))),
    ),
    found(
        ordinary,
        "IPv6 neighbours: input policy drop with ICMPv6",
        nft(table("inet fw", chain(INPUT, *STATEFUL, "meta l4proto { icmp, ipv6-icmp } accept"))),
    ),
    unknown(
        "IPv6 address of the host that another one has",
        KIND,
        DUPLICATE,
        asked="8066",
        probe=PROBE,
        base=six,
        engines=("sid",),
    ),
    unknown(
        "IPv6 gateway of the host pinned to another card",
        KIND,
        shell(
            "ip -6 route add default via 2001:db8::1; "
            "ip neigh replace 2001:db8::1 dev enp0s3 lladdr 02:00:00:00:00:99 nud permanent",
            "ip -6 route del default; ip neigh del 2001:db8::1 dev enp0s3",
        ),
        asked="8066",
        probe=PROBE,
        base=six,
        engines=("sid",),
    ),
    unknown(
        "IPv6 clients on the host's own network blackholed inside",
        KIND,
        shell("ip -6 route add blackhole 2001:db8::/64", "ip -6 route del blackhole 2001:db8::/64", "six-web"),
        asked="8066",
        probe=PROBE,
        base=six,
        engines=("sid",),
    ),
    proxied(unknown, "IPv6 by docker-proxy: dropped in INPUT", ip6tables("-I INPUT -p tcp --dport 8080 -j DROP")),
    proxied(unknown, "IPv6 by docker-proxy: answers dropped", ip6tables("-I OUTPUT -p tcp --sport 8080 -j DROP")),
    proxied(
        unknown,
        "IPv6 by docker-proxy: answers prohibited",
        shell("ip -6 rule add to 2001:db8::/64 pref 50 prohibit", "ip -6 rule del pref 50"),
    ),
    proxied(ordinary, "IPv6 by docker-proxy: another port dropped", ip6tables("-I INPUT -p tcp --dport 9 -j DROP")),
    on_ipv6(unknown, "published on IPv6 alone, and the host has no address of it", ("::", 8067)),
    on_ipv6(ordinary, "published on IPv6 alone", ("::", 8067), base=ADDRESSES, probe=published(8067, "srv", HOST)),
    on_ipv6(
        unknown,
        "port of the host on a network that is routed to",
        8067,
        network("rt", "10.74.0.0/24", options={f"{BRIDGE}.gateway_mode_ipv4": "routed"}),
        where="rt",
        engines=("sid",),
    ),
)
