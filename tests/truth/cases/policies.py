"""Routes and policy rules by users, ports and metrics; first packets that rules of the raw table see."""

from tests.truth.case import Case
from tests.truth.cases.six import PROBE, six
from tests.truth.plants import both, chain, container, device, nft, rules, saved, shell, table
from tests.truth.probes import outward, published
from tests.truth.rows import ordinary, unknown

ROUTING, TREATED, HABIT = "routing", "treated packets", "networks and routes"
DUMMY, NO_DUMMY = device("dummy7"), "ip link del dummy7"
SYN = "-t raw -I PREROUTING -p tcp --dport 8080 --syn"
RAW = "type filter hook prerouting priority -300"
TO, POLICY = "iptables -I FORWARD -o docker0", "iptables -P FORWARD DROP"
PRIVATE = "ip saddr { 10.0.0.0/8, 172.16.0.0/12 }"
HOPS = "ip nexthop add id 71 via 192.0.2.{host} dev enp0s3; ip nexthop add id 72 group 71"
NO_HOPS = "ip nexthop del id 72; ip nexthop del id 71"


def dead(name: str, do: str, undo: str) -> Case:
    """Routes and rules of the host with which the published port is dead."""
    return unknown(name, ROUTING, shell(do, undo))


def inside(name: str, port: int, do: str) -> Case:
    """Routes and rules in the namespace of a published container."""
    plant = both(container("srv", ports={"80/tcp": port}), shell(do, ":", container="srv"))
    probe = published(port, "srv")
    return unknown(name, "answers inside", plant, asked=str(port), probe=probe, sound_before=False)


def habit(name: str, do: str, undo: str) -> Case:
    """Those with which it works."""
    return ordinary(name, HABIT, shell(do, undo))


CASES = (
    inside("rule by the port of the answers inside", 8641, "ip rule add pref 5 iif lo sport 80 ipproto tcp prohibit"),
    inside(
        "answers marked by rules inside, prohibited",
        8644,
        "iptables -t mangle -A OUTPUT -p tcp -j MARK --set-mark 5; ip rule add pref 50 fwmark 5 prohibit",
    ),
    inside("rule by user root inside", 8642, "ip rule add pref 10 uidrange 0-0 blackhole"),
    inside("hop limit of a route inside", 8643, "ip route replace default via 172.17.0.1 hoplimit 1"),
    dead(
        "rule by user root",
        "ip rule add pref 100 uidrange 0-0 to 172.16.0.0/12 blackhole",
        "ip rule del pref 100",
    ),
    unknown(
        "IPv6 rule by user root",
        "IPv6",
        shell("ip -6 rule add pref 100 uidrange 0-0 to fd00:66::/64 blackhole", "ip -6 rule del pref 100"),
        asked="8066",
        probe=PROBE,
        base=six,
        engines=("sid",),
    ),
    dead("rule that skips the main table", "ip rule add pref 50 goto 32767", "ip rule del pref 50"),
    dead("no rule for the main table", "ip rule del pref 32766", "ip rule add pref 32766 lookup main"),
    dead("throw route in the main table", "ip route add throw 172.17.0.0/24", "ip route del throw 172.17.0.0/24"),
    dead(
        "group of next hops elsewhere",
        f"{HOPS.format(host=77)}; ip route add 172.17.0.0/24 nhid 72",
        f"ip route del 172.17.0.0/24; {NO_HOPS}",
    ),
    dead(
        "next hop of another family",
        "ip route add 172.17.0.0/24 via inet6 fe80::1 dev enp0s3",
        "ip route del 172.17.0.0/24",
    ),
    dead(
        "broadcast route for the container",
        "ip route add broadcast $web dev docker0 table local",
        "ip route del broadcast $web dev docker0 table local",
    ),
    unknown("SYN dropped in raw", TREATED, rules(f"{SYN} -j DROP")),
    unknown(
        "SYN not tracked, and dropped in the input chain",
        TREATED,
        both(rules(f"{SYN} -j CT --notrack"), rules("-I INPUT -p tcp --dport 8080 -m state --state UNTRACKED -j DROP")),
    ),
    unknown(
        "nft packets that are for another host",
        TREATED,
        nft(table("ip t", chain(RAW, 'iifname "enp0s3" tcp dport 8080 meta pkttype set other'))),
    ),
    unknown(
        "nft answers dropped behind their translation",
        TREATED,
        nft(table("ip t", chain("type filter hook postrouting priority 150", 'oifname "enp0s3" tcp sport 8080 drop'))),
    ),
    unknown(
        "nft answers dropped at the egress of the uplink",
        "place not walked",
        nft(table("netdev t", chain("type filter hook egress device enp0s3 priority 0", "tcp sport 8080 drop"))),
    ),
    unknown("goto an empty chain, and policy DROP", TREATED, saved(f"iptables -N EMPTY; {TO} -g EMPTY; {POLICY}")),
    unknown("RETURN in FORWARD, and policy DROP", TREATED, saved(f"{TO} -j RETURN; {POLICY}")),
    unknown(
        "nft ingress of the family inet",
        "place not walked",
        nft(table("inet t", chain("type filter hook ingress device enp0s3 priority 0", "tcp dport 8080 drop"))),
    ),
    ordinary(
        "what is no SYN dropped in raw, for another port",
        "firewall",
        rules("-t raw -I PREROUTING -p tcp --dport 8090 ! --syn -j DROP"),
    ),
    ordinary(
        "SYN with FIN dropped in raw",
        "firewall",
        rules("-t raw -I PREROUTING -p tcp --tcp-flags SYN,FIN SYN,FIN -j DROP"),
    ),
    ordinary(
        "nft private sources dropped behind the masquerade",
        "firewall",
        nft(table("ip t", chain("type filter hook postrouting priority 150", f'oifname "enp0s3" {PRIVATE} drop'))),
        asked="",
        probe=outward("api"),
    ),
    ordinary(
        "nft private sources dropped at the egress of the uplink",
        "firewall",
        nft(table("netdev t", chain("type filter hook egress device enp0s3 priority 0", f"{PRIVATE} drop"))),
    ),
    habit("rule by users of programs", "ip rule add pref 100 uidrange 1000-2000 blackhole", "ip rule del pref 100"),
    habit(
        "Docker's own subnet, announced by a neighbour",
        "ip route add 172.17.0.0/16 via 192.0.2.1 proto bgp metric 20",
        "ip route del 172.17.0.0/16 via 192.0.2.1 metric 20",
    ),
    habit(
        "Docker's own subnet by another device, of a worse metric",
        f"{DUMMY}; ip route add 172.17.0.0/16 dev dummy7 metric 100",
        NO_DUMMY,
    ),
    habit(
        "local table behind other rules",
        "ip rule add pref 32765 lookup local; ip rule del pref 0",
        "ip rule add pref 0 lookup local; ip rule del pref 32765",
    ),
    habit(
        "default route by a group of next hops",
        f"{HOPS.format(host=1)}; ip route add default nhid 72 metric 50",
        f"ip route del default metric 50; {NO_HOPS}",
    ),
)
