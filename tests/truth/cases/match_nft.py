"""Conditions that rules of nftables are written with, in front of a wrong DNAT or a drop."""

from typing import Any

from tests.truth.case import Case
from tests.truth.plants import both, chain, forward, nft, shell, table
from tests.truth.rows import outage, unknown

KIND = "match not decoded"


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


CASES = (
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
    nft_drop_unknown("nft numgen", 'oifname "docker0" numgen random mod 1 0 drop'),
    nft_drop_unknown("nft raw payload", "@nh,72,8 6 drop"),
    nft_drop_unknown("nft packet length", 'oifname "docker0" meta length > 0 drop'),
    nft_drop_unknown("nft quota", 'oifname "docker0" quota over 0 bytes drop'),
    nft_drop_unknown("nft limit over", 'oifname "docker0" limit rate over 1/day burst 1 packets drop'),
    nft_drop("nft inverse set", "tcp dport != { 22, 443 } drop"),
    nft_drop("nft inverse", "tcp dport != 22 drop"),
    nft_drop("nft interval verdict map", "tcp dport vmap { 0-1023 : drop }"),
    nft_drop("nft concatenated verdict map", 'iifname . oifname vmap { "enp0s3" . "docker0" : drop }'),
    nft_drop("nft bitwise", "ip daddr & 255.255.0.0 == 172.17.0.0 drop"),
    nft_drop("nft set of protocols", "meta l4proto { tcp, udp } drop"),
    nft_drop("nft protocol", "ip protocol tcp drop"),
    nft_drop("nft verdict map of states", "ct state vmap { new : drop, established : accept }"),
    nft_drop("nft ct status", "ct status dnat drop"),
    nft_drop("nft log, counter, drop", 'oifname "docker0" log prefix "x" counter drop'),
    nft_drop("nft no mark", 'oifname "docker0" meta mark 0 drop'),
    nft_drop("nft ct original port in forward", "meta l4proto tcp ct original proto-dst 8080 drop"),
    nft_drop_unknown("nft ct direction", 'oifname "docker0" ct direction original drop'),
    nft_drop_unknown("nft TCP flags", "tcp flags & (syn | ack) == syn drop"),
    nft_drop_unknown("nft fib of the source", 'oifname "docker0" fib saddr type unicast drop'),
    nft_drop_unknown("nft type of device", "meta iiftype ether drop"),
    nft_drop_unknown("nft time to live", 'oifname "docker0" ip ttl > 1 drop'),
)
