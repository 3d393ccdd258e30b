"""Ports that are published on the host's loopback: their clients are processes of the host, as a web server's.

Without docker-proxy a DNAT rule of the hook output translates their packets, and the bridge must send addresses of the
loopback (route_localnet).
"""

from typing import Any

from tests.truth.case import Case, Plant
from tests.truth.lab import Lab
from tests.truth.plants import both, container, rules, saved, shell, sysctl
from tests.truth.probes import fetch
from tests.truth.rows import ordinary, unknown

PROXY, HABIT = "docker-proxy", "networks and routes"
LOCAL = container("local", ports={"80/tcp": ("127.0.0.1", 8531)})
DIRECT = ("--userland-proxy=false",)


def reached(lab: Lab) -> bool:
    """Whether the host reaches the port."""
    return fetch(lab.host.pid, "127.0.0.1", 8531) == "local"


def local(row: Any, name: str, plant: Plant, **options: Any) -> Case:
    """A row about a port that is published on the loopback."""
    kind = PROXY if row is unknown else HABIT
    found: Case = row(name, kind, plant, base=LOCAL, asked="8531", probe=reached, **options)
    return found


NO_LOCALNET = both(sysctl("net.ipv4.conf.docker0.route_localnet", "0"), sysctl("net.ipv4.conf.all.route_localnet", "0"))
CLOSED = "; ".join(
    f"iptables -I INPUT {text}"
    for text in (
        "-j DROP",
        "-p tcp --dport 443 -j ACCEPT",
        "-m conntrack --ctstate ESTABLISHED,RELATED ! -i lo -j ACCEPT",
        "-p tcp -m multiport --ports 9714 -j ACCEPT",  # of the exporter
    )
)
ALLOWED = "iptables -I INPUT -i {} -m conntrack --ctstate NEW,ESTABLISHED,RELATED -j ACCEPT"

CASES = (
    local(unknown, "input chain that forgets lo", saved(f"{CLOSED}; {ALLOWED.format('enp0s3')}")),
    local(unknown, "packets on lo dropped in OUTPUT", rules("-I OUTPUT -o lo -p tcp --dport 8531 -j DROP")),
    local(unknown, "answers on lo dropped", rules("-I INPUT -i lo -p tcp --sport 8531 -j DROP")),
    local(
        unknown,
        "host's packets to the container prohibited",
        shell("ip rule add pref 10 iif lo to 172.17.0.0/16 prohibit", "ip rule del pref 10"),
    ),
    local(unknown, "loopback not routed to the bridge", NO_LOCALNET, flags=DIRECT),
    local(unknown, "jump of OUTPUT to DOCKER deleted", saved("iptables -t nat -F OUTPUT"), flags=DIRECT),
    local(ordinary, "published on the loopback without docker-proxy", shell(":", ":"), flags=DIRECT),
    local(ordinary, "loopback not routed, with docker-proxy", NO_LOCALNET),
    local(
        ordinary,
        "input chain of a web server that forwards to the loopback",
        saved(f"{CLOSED}; {ALLOWED.format('lo')}"),
    ),
)
