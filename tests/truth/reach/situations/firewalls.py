"""Rules of the host that people write."""

from typing import Any

from tests.truth.case import Plant
from tests.truth.plants import both, forward, nft, rules, saved, sysctl, table
from tests.truth.reach.planting import client, pair, service
from tests.truth.reach.situation import fails, fails_unseen, works, works_unseen

OUTSIDE: dict[str, Any] = {"target": "$outside", "port": 7000, "answers": ("outside",)}
HOST: dict[str, Any] = {"target": "$host", "port": 7001, "answers": ("host",)}
HOST_SERVED = both(client(), service("host", "tcp,0.0.0.0,7001"))
SETS = "set bad { type ipv4_addr; elements = { %s } }"
UFW = (
    "-A INPUT -i lo -j ACCEPT",
    "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
    "-A INPUT -m conntrack --ctstate INVALID -j DROP",
    "-A INPUT -p icmp -m icmp --icmp-type 8 -j ACCEPT",
    "-A INPUT -m addrtype --dst-type MULTICAST -j RETURN",
    "-A INPUT -m limit --limit 3/min -j LOG",
)


def ufw(*texts: str) -> Plant:
    """An INPUT chain as ufw writes it, these rules, and the policy DROP."""
    return saved("; ".join(f"iptables {text}" for text in (*UFW, *texts, "-P INPUT DROP")))


def user(*texts: str) -> Plant:
    """Rules at the top of DOCKER-USER; the last one is the first of the chain."""
    return rules(*(f"-I DOCKER-USER {text}" for text in texts))


def bad_set(elements: str) -> Plant:
    """A table with a set, and a DROP of what comes from it."""
    return nft(table("ip guard", SETS % elements, forward("ip saddr @bad drop")))


def bad_range(elements: str) -> Plant:
    """The same with an interval set."""
    body = f"set bad {{ type ipv4_addr; flags interval; elements = {{ {elements} }} }}"
    return nft(table("ip guard", body, forward("ip saddr @bad drop")))


SITUATIONS = (
    works("DROP of another source", pair(), user("-s 10.42.0.99 -j DROP")),
    works("DROP behind a RETURN", pair(), user("-p tcp -j DROP", "-s 10.42.0.0/24 -j RETURN")),
    works("DROP of another port", pair(), user("-p tcp --dport 81 -j DROP")),
    works("DROP of invalid packets", pair(), user("-m conntrack --ctstate INVALID -j DROP")),
    works("multiport DROP of other ports", pair(), user("-p tcp -m multiport --dports 22,443,8000:8100 -j DROP")),
    works("DROP from the uplink alone", client(), user("-i enp0s3 -m conntrack --ctstate NEW -j DROP"), **OUTSIDE),
    works(
        "DROP without br_netfilter", pair(), both(user("-j DROP"), sysctl("net.bridge.bridge-nf-call-iptables", "0"))
    ),
    works("nft set without the client", pair(), bad_set("203.0.113.1, 203.0.113.2")),
    works("nft interval set without the client", pair(), bad_range("203.0.113.0/24, 10.42.9.0/24")),
    works(
        "default deny that lets the established and the client through",
        pair(),
        user(
            "-j DROP", "-s $client -p tcp --dport 80 -j RETURN", "-m conntrack --ctstate RELATED,ESTABLISHED -j RETURN"
        ),
    ),
    works_unseen(
        "limit and length",
        pair(),
        user("-m length --length 0:40 -j DROP", "-m limit --limit 1/hour --limit-burst 1 -j RETURN"),
    ),
    works_unseen("bridge table that accepts", pair(), nft(table("bridge guard", forward("ether type arp accept")))),
    works(
        "ufw that allows the port by multiport",
        HOST_SERVED,
        ufw("-A INPUT -p tcp -m multiport --dports 22,7001 -j ACCEPT"),
        **HOST,
    ),
    works("ufw that allows the network", HOST_SERVED, ufw("-A INPUT -i br-n -j ACCEPT"), **HOST),
    fails("DROP in DOCKER-USER", "filter", pair(), user("-s $client -p tcp --dport 80 -j DROP")),
    fails("DROP of all in DOCKER-USER", "filter", client(), user("-j DROP"), **OUTSIDE),
    fails("DROP of the answer", "filter", pair(), user("-s $server -p tcp --sport 80 -j DROP")),
    fails("multiport DROP", "filter", pair(), user("-p tcp -m multiport --dports 22,80,443 -j DROP")),
    fails("multiport DROP of a range", "filter", pair(), user("-p tcp -m multiport --dports 1:1023 -j DROP")),
    fails(
        "default deny without this port",
        "filter",
        pair(),
        user(
            "-j DROP", "-s $client -p tcp --dport 81 -j RETURN", "-m conntrack --ctstate RELATED,ESTABLISHED -j RETURN"
        ),
    ),
    fails("egress to the outside denied", "filter", client(), user("-i br-n ! -o br-n -j DROP"), **OUTSIDE),
    fails("REJECT", "filter", pair(), user("-s $client -j REJECT")),
    fails("REJECT by a reset", "filter", pair(), user("-s $client -p tcp -j REJECT --reject-with tcp-reset")),
    fails("REJECT of firewalld", "filter", pair(), user("-s $client -j REJECT --reject-with icmp-admin-prohibited")),
    fails(
        "REJECT to the outside",
        "filter",
        client(),
        user("-d $outside -j REJECT --reject-with icmp-net-unreachable"),
        **OUTSIDE,
    ),
    fails("FORWARD flushed and policy DROP", "filter", pair(), saved("iptables -F FORWARD; iptables -P FORWARD DROP")),
    fails(
        "DROP in raw PREROUTING",
        "filter",
        client(),
        rules("-t raw -I PREROUTING -s $client -p tcp --dport 7000 -j DROP"),
        **OUTSIDE,
    ),
    fails("DROP in mangle FORWARD", "filter", client(), rules("-t mangle -I FORWARD -s $client -j DROP"), **OUTSIDE),
    fails(
        "DROP in mangle POSTROUTING",
        "filter",
        client(),
        rules("-t mangle -I POSTROUTING -o enp0s3 -d $outside -j DROP"),
        **OUTSIDE,
    ),
    fails("inet table with policy drop", "filter", pair(), nft(table("inet guard", forward(policy="drop")))),
    fails(
        "inet table that drops a subnet",
        "filter",
        client(),
        nft(
            table(
                "inet guard",
                forward("ct state established,related accept", "meta nfproto ipv4 ip saddr 10.42.0.0/24 drop"),
            )
        ),
        **OUTSIDE,
    ),
    fails("nft set with the client", "filter", pair(), bad_set("203.0.113.1, $client")),
    fails("nft interval set with the client", "filter", pair(), bad_range("203.0.113.0/24, 10.42.0.0/25")),
    fails(
        "nft map of verdicts",
        "filter",
        pair(),
        nft(table("ip guard", forward("tcp dport vmap { 22 : accept, 80 : drop }"))),
    ),
    fails_unseen(
        "DROP behind a mark",
        "filter",
        pair(),
        both(rules("-t mangle -I PREROUTING -s $client -j MARK --set-mark 7"), user("-m mark --mark 7 -j DROP")),
    ),
    fails_unseen("DROP of small packets", "filter", pair(), user("-m length --length 0:100 -j DROP")),
    fails_unseen(
        "bridge table with policy drop", "filter link", pair(), nft(table("bridge guard", forward(policy="drop")))
    ),
    fails_unseen(
        "ebtables-like DROP of a port",
        "filter link",
        pair(),
        nft(table("bridge guard", forward("ether type ip tcp dport 80 drop"))),
    ),
    fails("DROP in INPUT", "filter", HOST_SERVED, rules("-A INPUT -p tcp --dport 7001 -j DROP"), **HOST),
    fails(
        "ufw without the port",
        "filter",
        HOST_SERVED,
        ufw("-A INPUT -p tcp -m multiport --dports 22,443 -j ACCEPT"),
        **HOST,
    ),
    fails("ufw that allows docker0 alone", "filter", HOST_SERVED, ufw("-A INPUT -i docker0 -j ACCEPT"), **HOST),
    fails(
        "answer of the host dropped",
        "filter",
        HOST_SERVED,
        rules("-A OUTPUT -o br-n -p tcp --sport 7001 -j DROP"),
        **HOST,
    ),
    fails(
        "redirected to a proxy that does not run",
        "listener dnat",
        client(),
        rules("-t nat -I PREROUTING -i br-n -p tcp --dport 7000 -j REDIRECT --to-ports 3128"),
        **OUTSIDE,
    ),
    works(
        "redirected to a proxy that runs",
        both(client(), service("proxy", "tcp,0.0.0.0,3128")),
        rules("-t nat -I PREROUTING -i br-n -p tcp --dport 7000 -j REDIRECT --to-ports 3128"),
        works_before=False,
        target="$outside",
        port=7000,
        answers=("proxy",),
    ),
)
