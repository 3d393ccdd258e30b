"""Networks that are routed to: clients connect to an address of a container, and no port of the host is forwarded."""

from typing import Any

from tests.truth.case import Case, Plant
from tests.truth.lab import Lab
from tests.truth.plants import both, container, rules, shell
from tests.truth.probes import fetch
from tests.truth.reach.changes import outside
from tests.truth.reach.planting import BRIDGE, network
from tests.truth.rows import NOT_WHOLE, ordinary, unknown

HABIT = "networks and routes"
SUBNET = "10.74.0.0/24"
ROUTED = {f"{BRIDGE}.gateway_mode_ipv4": "routed"}


def reached(lab: Lab) -> bool:
    """Whether a client outside, which has a route to the network, gets the container's answer."""
    return fetch(lab.host.outside_pid, lab.address("srv"), 80) == "srv"


def on_a_routed_network(row: Any, name: str, *plants: Plant, **options: Any) -> Case:
    """A row about a container on a network that clients outside have a route to."""
    way = outside(f"ip route add {SUBNET} via 192.0.2.10", f"ip route del {SUBNET}")
    made = both(network("rt", SUBNET, options=ROUTED), container("srv", network="rt", ports={"80/tcp": None}), way)
    settings = {"asked": "srv", "probe": reached, "base": made, "engines": ("sid",), **options}
    found: Case = row(name, "routing" if row is unknown else HABIT, both(*plants), **settings)
    return found


CASES = (
    on_a_routed_network(ordinary, "routed network, and a client with a route"),
    on_a_routed_network(
        ordinary,
        "routed network, closed in DOCKER-USER",
        rules("-I DOCKER-USER -o br-rt -j DROP"),
        works=False,
        verdicts=NOT_WHOLE,
    ),
    on_a_routed_network(unknown, "routed network, dropped in raw", rules(f"-t raw -I PREROUTING -d {SUBNET} -j DROP")),
    on_a_routed_network(
        unknown,
        "routed network, closed inside",
        shell("iptables -I INPUT -p tcp --dport 80 -j DROP", "iptables -D INPUT -p tcp --dport 80 -j DROP", "srv"),
    ),
)
