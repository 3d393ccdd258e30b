"""Conditions that rules are written with, in front of a wrong DNAT or a DROP."""

from typing import Any

from tests.truth.case import Case
from tests.truth.plants import both, chain, forward, nft, rules, shell, table
from tests.truth.rows import outage, unknown

KIND = "match not decoded"
NOWHERE = "-j DNAT --to-destination 10.42.0.200:80"
PREROUTING = "-t nat -I PREROUTING -p tcp"
TO_DOCKER0 = "-I FORWARD -o docker0"


def dnat(name: str, condition: str, **options: Any) -> Case:
    """A rule of iptables before Docker's that leads the port to an address that nobody has."""
    return outage(name, KIND, rules(f"{PREROUTING} {condition} {NOWHERE}"), "wrong_dnat", **options)


def drop(name: str, condition: str, **options: Any) -> Case:
    """A rule of iptables that drops what is forwarded to the container."""
    return outage(name, KIND, rules(f"{TO_DOCKER0} {condition} -j DROP"), "forward_drop", **options)


def drop_unknown(name: str, condition: str) -> Case:
    """The same with a condition that cannot be evaluated from outside."""
    return unknown(name, KIND, rules(f"{TO_DOCKER0} {condition} -j DROP"))


def nft_dnat(name: str, rule: str, *more: str, **options: Any) -> Case:
    """A nat chain of a table of its own, in front of Docker's."""
    prerouting = chain("type nat hook prerouting priority -110", rule)
    return outage(name, KIND, nft(table("ip t", *more, prerouting)), "wrong_dnat", **options)


def nft_drop(name: str, rule: str, *more: str, **options: Any) -> Case:
    """A forward chain of a table of its own."""
    return outage(name, KIND, nft(table("inet t", *more, forward(rule))), "forward_drop", **options)


def nft_drop_unknown(name: str, rule: str) -> Case:
    """The same with a condition that cannot be evaluated from outside."""
    return unknown(name, KIND, nft(table("inet t", forward(rule))))


MARK = "-t mangle -I PREROUTING -p tcp --dport 8080 -j MARK --set-mark 7"

CASES = (
    dnat("dport", "--dport 8080"),
    dnat("multiport", "-m multiport --dports 80,8080"),
    dnat("multiport range", "-m multiport --dports 8000:8100"),
    dnat("multiport ports", "-m multiport --ports 8080"),
    dnat("dport range", "--dport 8000:8100"),
    dnat("not another port", "! --dport 22"),
    dnat("iprange", "-m iprange --src-range 192.0.2.0-192.0.2.255 --dport 8080"),
    dnat("iprange of the host", "-m iprange --dst-range 192.0.2.10-192.0.2.11 --dport 8080"),
    dnat("ctorigdstport", "-m conntrack --ctorigdstport 8080"),
    dnat("ctorigdst", "-m conntrack --ctorigdst 192.0.2.10 --dport 8080"),
    dnat("conntrack state", "-m conntrack --ctstate NEW --dport 8080"),
    dnat("the only uplink", "-i enp0s3 --dport 8080"),
    dnat("uplink by wildcard", "-i enp+ --dport 8080"),
    dnat("not the bridge", "! -i docker0 --dport 8080"),
    dnat("the host's own address", "-d 192.0.2.10 --dport 8080"),
    dnat("addrtype", "-m addrtype --dst-type LOCAL --dport 8080"),
    dnat("comment", '-m comment --comment "old server" --dport 8080'),
    outage("mark", KIND, rules(MARK, f"{PREROUTING} -m mark --mark 7 {NOWHERE}"), "wrong_dnat"),
    outage(
        "connmark",
        KIND,
        rules(MARK.replace("MARK --set-mark", "CONNMARK --set-mark"), f"{PREROUTING} -m connmark --mark 7 {NOWHERE}"),
        "wrong_dnat",
    ),
    outage("redirect", KIND, rules(f"{PREROUTING} --dport 8080 -j REDIRECT --to-ports 9"), "wrong_dnat"),
    nft_dnat("nft anonymous set", "tcp dport { 80, 8080 } dnat to 10.42.0.200:80"),
    nft_dnat(
        "nft named set",
        "tcp dport @s dnat to 10.42.0.200:80",
        "set s { type inet_service; elements = { 80, 8080 } }",
    ),
    nft_dnat(
        "nft interval set",
        "tcp dport @s dnat to 10.42.0.200:80",
        "set s { type inet_service; flags interval; elements = { 8000-8100 } }",
    ),
    nft_dnat("nft range", "tcp dport 8000-8100 dnat to 10.42.0.200:80"),
    nft_dnat("nft map", "dnat to tcp dport map { 8080 : 10.42.0.200 }"),
    nft_dnat(
        "nft named map",
        "dnat to tcp dport map @m",
        "map m { type inet_service : ipv4_addr; elements = { 8080 : 10.42.0.200 } }",
    ),
    nft_dnat(
        "nft verdict map",
        "tcp dport vmap { 8080 : jump away }",
        chain("", "meta l4proto tcp dnat to 10.42.0.200:80", name="away"),
    ),
    nft_dnat("nft fib", "fib daddr type local tcp dport 8080 dnat to 10.42.0.200:80"),
    nft_dnat("nft th", "meta l4proto tcp th dport 8080 dnat to 10.42.0.200:80"),
    nft_dnat("nft concatenation", "ip daddr . tcp dport { 192.0.2.10 . 8080 } dnat to 10.42.0.200:80"),
    nft_dnat("nft ct original", "meta l4proto tcp ct original proto-dst 8080 dnat to 10.42.0.200:80"),
    nft_dnat("nft iif by index", 'iif "enp0s3" tcp dport 8080 dnat to 10.42.0.200:80'),
    nft_dnat("nft redirect", "tcp dport 8080 redirect to :9"),
    nft_dnat("nft mark", "tcp dport 8080 meta mark set 7 meta mark 7 dnat to 10.42.0.200:80"),
    drop("drop by address", "-d 172.17.0.0/16"),
    drop("drop by multiport", "-p tcp -m multiport --dports 80,443"),
    drop("drop what is new", "-m conntrack --ctstate NEW"),
    drop("drop SYN", "-p tcp --syn"),
    drop("drop DNATed", "-m conntrack --ctstate DNAT"),
    drop("drop by iprange", "-m iprange --dst-range 172.17.0.1-172.17.0.200"),
    drop("drop from the uplink", "-i enp0s3"),
    outage("reject", KIND, rules(f"{TO_DOCKER0} -j REJECT"), "forward_drop"),
    nft_drop("nft oif by index", 'oif "docker0" drop'),
    nft_drop("nft device wildcard", 'oifname "dock*" drop'),
    nft_drop("nft verdict map of devices", 'oifname vmap { "docker0" : drop }'),
    nft_drop("nft set of devices", 'oifname { "docker0", "br-x" } drop'),
    nft_drop("nft set of ports", "tcp dport { 80, 443 } drop"),
    nft_drop("nft nfproto", "meta nfproto ipv4 ip daddr 172.17.0.0/16 drop"),
    nft_drop(
        "nft set of prefixes",
        "ip daddr @s drop",
        "set s { type ipv4_addr; flags interval; elements = { 172.17.0.0/16 } }",
    ),
    nft_drop("nft goto", 'oifname "docker0" goto end', chain("", "drop", name="end")),
    nft_drop("nft reject", 'oifname "docker0" reject'),
    outage(
        "nft device group",
        KIND,
        both(
            shell("ip link set docker0 group 5", "ip link set docker0 group 0"),
            nft(table("inet t", forward("oifgroup 5 drop"))),
        ),
        "forward_drop",
    ),
    drop_unknown("statistic", "-m statistic --mode random --probability 1.0"),
    drop_unknown("connlimit", "-p tcp -m connlimit --connlimit-above 0"),
    drop_unknown("u32", '-m u32 --u32 "6&0xFF=6"'),
    drop_unknown("length", "-m length --length 0:1500"),
    drop_unknown("ttl", "-m ttl --ttl-gt 1"),
    drop_unknown("time", "-m time --timestart 00:00:00 --timestop 23:59:59"),
    drop_unknown("tos", "-m tos --tos 0/0"),
    drop_unknown("pkttype", "-m pkttype --pkt-type unicast"),
    nft_drop_unknown("nft numgen", 'oifname "docker0" numgen random mod 1 0 drop'),
    nft_drop_unknown("nft raw payload", "@nh,72,8 6 drop"),
    nft_drop_unknown("nft packet length", 'oifname "docker0" meta length > 0 drop'),
    nft_drop_unknown("nft quota", 'oifname "docker0" quota over 0 bytes drop'),
    nft_drop_unknown("nft limit over", 'oifname "docker0" limit rate over 1/day burst 1 packets drop'),
)
