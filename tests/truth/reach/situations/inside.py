"""Rules inside the two containers."""

from typing import Any

from tests.truth.case import Plant
from tests.truth.plants import both
from tests.truth.reach.changes import within
from tests.truth.reach.planting import SLEEP, box, client, pair
from tests.truth.reach.servers import service
from tests.truth.reach.situation import fails, fails_unseen, works

OUTSIDE: dict[str, Any] = {"target": "$outside", "port": 7000, "answers": ("outside",)}
LEGACY = "xtables-legacy-multi iptables"
GUARD = "nft add table inet guard; nft add chain inet guard input '{ type filter hook input priority 0; policy drop; }'"
NETDEV = (
    "nft add table netdev guard; "
    "nft add chain netdev guard c '{ type filter hook ingress device eth0 priority 0; policy drop; }'"
)
ESTABLISHED = (
    "iptables -A INPUT -i lo -j ACCEPT; "
    "iptables -A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT; "
    "iptables -P INPUT DROP"
)
MARKED = "iptables -t mangle -A OUTPUT -p tcp -j MARK --set-mark 5"
REFUSED = "ip rule add pref 50 fwmark 5 prohibit"
SAME_WAY = "ip route add default via 10.42.0.1 table 55; ip rule add pref 50 fwmark 5 lookup 55"
SIDECAR = both(box("server", "n", SLEEP), service("server", "tcp,0.0.0.0,8080", where="server"), client())


def server(do: str) -> Plant:
    """Shell commands in the network namespace of the server."""
    return within("server", do)


def client_rules(do: str) -> Plant:
    """Shell commands in the network namespace of the client."""
    return within("client", do)


SITUATIONS = (
    works("server accepts the port", pair(), server(f"{GUARD}; nft add rule inet guard input tcp dport 80 accept")),
    works("server drops another source", pair(), server("iptables -A INPUT -s 10.42.0.99 -j DROP")),
    works(
        "server drops another port by multiport",
        pair(),
        server("iptables -A INPUT -p tcp -m multiport --dports 22,81 -j DROP"),
    ),
    works(
        "client accepts established alone",
        pair(),
        client_rules(ESTABLISHED),
    ),
    works("marks that a policy rule leads the same way", pair(), client_rules(f"{MARKED}; {SAME_WAY}"), **OUTSIDE),
    fails_unseen(
        "marks that a policy rule refuses", "inside", client(), client_rules(f"{MARKED}; {REFUSED}"), **OUTSIDE
    ),
    fails_unseen("marks of answers that a policy rule refuses", "inside", pair(), server(f"{MARKED}; {REFUSED}")),
    works(
        "redirect inside the server",
        SIDECAR,
        server("iptables -t nat -A PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 8080"),
        works_before=False,
    ),
    fails(
        "redirect inside the server to nobody",
        "inside listener dnat",
        pair(),
        server("iptables -t nat -A PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 8080"),
    ),
    fails("server's INPUT drops", "inside", pair(), server("iptables -A INPUT -p tcp --dport 80 -j DROP")),
    fails(
        "server's INPUT drops by multiport",
        "inside",
        pair(),
        server("iptables -A INPUT -p tcp -m multiport --dports 80,443 -j DROP"),
    ),
    fails(
        "server's INPUT rejects",
        "inside",
        pair(),
        server("iptables -A INPUT -p tcp --dport 80 -j REJECT --reject-with tcp-reset"),
    ),
    fails("server's policy drops", "inside", pair(), server(GUARD)),
    fails("server's OUTPUT drops the answer", "inside", pair(), server("iptables -A OUTPUT -p tcp --sport 80 -j DROP")),
    fails("server's legacy iptables drops", "inside", pair(), server(f"{LEGACY} -A INPUT -p tcp --dport 80 -j DROP")),
    fails(
        "server's raw table drops", "inside", pair(), server("iptables -t raw -A PREROUTING -p tcp --dport 80 -j DROP")
    ),
    fails("client's OUTPUT drops", "inside", pair(), client_rules("iptables -A OUTPUT -p tcp --dport 80 -j DROP")),
    fails(
        "client's OUTPUT rejects the outside",
        "inside",
        client(),
        client_rules("iptables -A OUTPUT ! -d 10.0.0.0/8 ! -o lo -j REJECT"),
        **OUTSIDE,
    ),
    fails("client's INPUT drops the answer", "inside", pair(), client_rules("iptables -A INPUT -i eth0 -j DROP")),
    fails(
        "client's legacy iptables drops",
        "inside",
        pair(),
        client_rules(f"{LEGACY} -A OUTPUT -p tcp --dport 80 -j DROP"),
    ),
    fails(
        "client leads the connection to nobody",
        "inside dnat link",
        pair(),
        client_rules("iptables -t nat -I OUTPUT -p tcp --dport 80 -j DNAT --to-destination 10.42.0.200:80"),
    ),
    fails_unseen("netdev chain in the server", "inside", pair(), server(NETDEV)),
    fails_unseen("netdev chain in the client", "inside", pair(), client_rules(NETDEV)),
    fails_unseen(
        "DROP by owner in the client",
        "inside",
        pair(),
        client_rules("iptables -A OUTPUT -o eth0 -m owner --uid-owner 0 -j DROP"),
    ),
)
