"""Rules of iptables on the host that people write."""

from typing import Any

from tests.truth.case import Plant
from tests.truth.plants import both, rules, saved, sysctl
from tests.truth.reach.planting import client, pair
from tests.truth.reach.situation import fails, fails_unseen, works, works_unseen

OUTSIDE: dict[str, Any] = {"target": "$outside", "port": 7000, "answers": ("outside",)}


def user(*texts: str) -> Plant:
    """Rules at the top of DOCKER-USER; the last one is the first of the chain."""
    return rules(*(f"-I DOCKER-USER {text}" for text in texts))


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
    fails_unseen(
        "DROP behind a mark",
        "filter",
        pair(),
        both(rules("-t mangle -I PREROUTING -s $client -j MARK --set-mark 7"), user("-m mark --mark 7 -j DROP")),
    ),
    fails_unseen("DROP of small packets", "filter", pair(), user("-m length --length 0:100 -j DROP")),
)
