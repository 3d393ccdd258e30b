"""Tables of nftables that people and their firewalls load beside Docker's rules; the published port works."""

from typing import Any

from tests.truth.case import Case
from tests.truth.plants import chain, forward, nft, table
from tests.truth.rows import ordinary

KIND = "firewall"
INPUT_DROP = "type filter hook input priority 0; policy drop"
PREROUTING_NAT = "type nat hook prerouting priority"


def tables(name: str, *texts: str, **options: Any) -> Case:
    """Tables of nftables that leave the published port open."""
    return ordinary(name, KIND, nft(*texts), **options)


CASES = (
    tables(
        "Debian's nftables.conf",
        table(
            "inet filter2",
            chain(INPUT_DROP, "ct state established,related accept", 'iifname "lo" accept', "tcp dport 22 accept"),
            forward(priority=0),
            chain("type filter hook output priority 0", name="o"),
        ),
    ),
    tables(
        "banned addresses",
        table(
            "inet f2b",
            "set bad { type ipv4_addr; elements = { 203.0.113.5 } }",
            chain("type filter hook prerouting priority -301", "ip saddr @bad drop"),
        ),
    ),
    tables(
        "blocklist of intervals",
        table(
            "ip crowdsec",
            "set bad { type ipv4_addr; flags interval; elements = { 203.0.113.0/24, 198.51.100.0/24 } }",
            forward("ip saddr @bad drop", priority=-1),
        ),
    ),
    tables(
        "firewalld's tables",
        table(
            "inet firewalld",
            chain(
                "type filter hook prerouting priority -290",
                "icmpv6 type nd-router-advert accept",
                "meta nfproto ipv6 fib saddr . mark . iif oif missing drop",
            ),
            chain(
                "type filter hook forward priority 10",
                "ct state { established, related } accept",
                "ct status dnat accept",
                'iifname "lo" accept',
                "ct state invalid drop",
                name="forwarded",
            ),
        ),
    ),
    tables(
        "nat chain behind Docker's",
        table("ip t", chain(f"{PREROUTING_NAT} -90", "tcp dport 8080 dnat to 198.51.100.9:80")),
    ),
    tables(
        "nat chain for another port",
        table("ip t", chain(f"{PREROUTING_NAT} -110", "tcp dport { 2222, 2223 } dnat to 192.168.122.5:22")),
    ),
    tables(
        "map of other ports",
        table(
            "ip t",
            chain(f"{PREROUTING_NAT} -110", "dnat to tcp dport map { 2222 : 192.168.122.5, 2223 : 192.168.122.6 }"),
        ),
    ),
    tables(
        "forward policy drop with everything needed",
        table(
            "inet fw",
            forward(
                "ct state established,related accept",
                'oifname { "docker0", "br-n", "br-m" } accept',
                'iifname { "docker0", "br-n", "br-m" } accept',
                policy="drop",
            ),
        ),
    ),
    tables("bridge table that counts", table("bridge t", chain("type filter hook forward priority 0", "counter"))),
    tables(
        "netdev bogons",
        table(
            "netdev t",
            chain("type filter hook ingress device enp0s3 priority 0", "ip saddr { 127.0.0.0/8, 0.0.0.0/8 } drop"),
        ),
    ),
    tables(
        "input policy drop in two tables",
        table("inet a", chain(INPUT_DROP, "ct state established accept", 'iifname "lo" accept', "tcp dport 22 accept")),
        table("ip b", chain("type filter hook input priority 5", "tcp dport 25 drop")),
    ),
)
