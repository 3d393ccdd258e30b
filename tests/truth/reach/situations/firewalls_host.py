"""Rules for what the host itself serves, or takes in."""

from typing import Any

from tests.truth.case import Plant
from tests.truth.plants import both, rules, saved
from tests.truth.reach.planting import client
from tests.truth.reach.servers import service
from tests.truth.reach.situation import fails, works

OUTSIDE: dict[str, Any] = {"target": "$outside", "port": 7000, "answers": ("outside",)}
HOST: dict[str, Any] = {"target": "$host", "port": 7001, "answers": ("host",)}
HOST_SERVED = both(client(), service("host", "tcp,0.0.0.0,7001,shared"))
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


SITUATIONS = (
    works(
        "ufw that allows the port by multiport",
        HOST_SERVED,
        ufw("-A INPUT -p tcp -m multiport --dports 22,7001 -j ACCEPT"),
        **HOST,
    ),
    works("ufw that allows the network", HOST_SERVED, ufw("-A INPUT -i br-n -j ACCEPT"), **HOST),
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
        both(client(), service("proxy", "tcp,0.0.0.0,3128,shared")),
        rules("-t nat -I PREROUTING -i br-n -p tcp --dport 7000 -j REDIRECT --to-ports 3128"),
        works_before=False,
        target="$outside",
        port=7000,
        answers=("proxy",),
    ),
)
