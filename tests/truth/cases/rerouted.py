"""Marks that choose a routing table, IPsec policies, and switches of devices that decide whether a packet arrives."""

from typing import Any

from tests.truth.case import Case, Plant
from tests.truth.plants import both, chain, device, nft, rules, shell, sysctl, table
from tests.truth.rows import ordinary, unknown

KIND, HABIT = "rerouted packets", "networks and routes"
DUMMY, NO_DUMMY = device("dummy7"), "ip link del dummy7"
FORGET = shell("ip neigh flush all", ":", container="web")


def by_mark(mark: str, routes: str, *, pref: int = 130) -> Plant:
    """A policy rule for a mark, and the routes of its table."""
    return shell(
        f"{DUMMY}; {routes.format(table='table 130')}; ip rule add pref {pref} fwmark {mark} lookup 130",
        f"ip rule del pref {pref}; ip route flush table 130; {NO_DUMMY}",
    )


def lost(name: str, *plants: Plant, **options: Any) -> Case:
    """A port whose packets or answers go astray."""
    return unknown(name, KIND, both(*plants), **options)


def kept(name: str, *plants: Plant) -> Case:
    """A port that works."""
    return ordinary(name, HABIT, both(*plants))


def marked(text: str) -> Plant:
    """A rule of the mangle table before the routing decision."""
    return rules(f"-t mangle -I PREROUTING {text}")


BLACKHOLE = "ip route add blackhole default {table}"
ASTRAY = "ip route add default dev dummy7 {table}"
NFT_MARK = chain("type filter hook prerouting priority -150", 'iifname "enp0s3" tcp dport 8080 meta mark set 0x4')

CASES = (
    lost("marked at the uplink, blackhole", by_mark("4", BLACKHOLE), marked("-i enp0s3 -j MARK --set-mark 4")),
    lost("marked by port, another device", by_mark("4", ASTRAY), marked("-p tcp --dport 8080 -j MARK --set-mark 4")),
    lost("answers marked, another device", by_mark("4", ASTRAY), marked("-i docker0 -j MARK --set-mark 4")),
    lost(
        "connection's mark restored for the answers",
        by_mark("4", ASTRAY),
        marked("-i docker0 -j CONNMARK --restore-mark"),
        marked("-i enp0s3 -p tcp --dport 8080 -j CONNMARK --set-mark 4"),
    ),
    lost("mark with a mask", by_mark("0x10000/0xf0000", BLACKHOLE), marked("-i enp0s3 -j MARK --or-mark 0x10000")),
    lost("nft mark, blackhole", by_mark("4", BLACKHOLE), nft(table("inet t", NFT_MARK))),
    lost(
        "everything unmarked elsewhere",
        shell(
            f"{DUMMY}; ip route add 172.16.0.0/12 dev dummy7 table 131; "
            "ip rule add pref 131 not fwmark 0x80 lookup 131",
            f"ip rule del pref 131; ip route flush table 131; {NO_DUMMY}",
        ),
    ),
    lost("container's address on the host", shell("ip address add $web/32 dev lo", "ip address del $web/32 dev lo")),
    lost("local route for the container", shell("ip route add local $web dev lo", "ip route del local $web dev lo")),
    lost(
        "prohibit route by metric", shell("ip route add prohibit $web metric 1", "ip route del prohibit $web metric 1")
    ),
    lost(
        "rule by port and protocol",
        shell("ip rule add pref 140 ipproto tcp dport 80 to 172.17.0.0/16 blackhole", "ip rule del pref 140"),
    ),
    lost(
        "rule by source of the answers and port",
        shell("ip rule add pref 141 ipproto tcp sport 80 from 172.17.0.0/16 prohibit", "ip rule del pref 141"),
    ),
    lost(
        "suppressed main table",
        shell(
            "ip rule add pref 142 to 172.17.0.0/16 lookup main suppress_prefixlength 16; "
            "ip rule add pref 143 to 172.17.0.0/16 unreachable",
            "ip rule del pref 142; ip rule del pref 143",
        ),
    ),
    lost("bridge does not answer ARP", sysctl("net.ipv4.conf.docker0.arp_ignore", "8"), FORGET),
    lost("bridge without ARP", shell("ip link set docker0 arp off", "ip link set docker0 arp on"), FORGET),
    lost(
        "ebtables at the bridge",
        shell("ebtables -A OUTPUT -o $web_veth -j DROP", "ebtables -D OUTPUT -o $web_veth -j DROP"),
    ),
    lost(
        "bridge family drops the container's answers",
        nft(table("bridge t", chain("type filter hook prerouting priority -300", "ip saddr 172.17.0.0/16 drop"))),
    ),
    kept("marks for a second uplink", by_mark("4", ASTRAY), marked("-i br-m -j MARK --set-mark 4")),
    kept(
        "mark's table with the local subnets",
        by_mark("4", "ip route add 172.17.0.0/16 dev docker0 {table}; ip route add default via 192.0.2.1 {table}"),
        marked("-p tcp --dport 8080 -j MARK --set-mark 4"),
    ),
    kept(
        "blackholes of other subnets",
        shell(
            "ip route add unreachable 10.99.0.0/16; ip route add prohibit 10.98.0.0/16",
            "ip route del unreachable 10.99.0.0/16; ip route del prohibit 10.98.0.0/16",
        ),
    ),
    kept("proxy ARP", sysctl("net.ipv4.conf.enp0s3.proxy_arp", "1")),
    kept(
        "IPsec tunnel to another site",
        shell(
            "ip xfrm policy add src 192.0.2.0/24 dst 10.200.0.0/16 dir out "
            "tmpl src 192.0.2.10 dst 198.51.100.1 proto esp mode tunnel",
            "ip xfrm policy del src 192.0.2.0/24 dst 10.200.0.0/16 dir out",
        ),
    ),
    kept(
        "bridge family lets all through",
        nft(table("bridge t", chain("type filter hook forward priority 0", "ether type { ip, arp, ip6 } accept"))),
    ),
)
