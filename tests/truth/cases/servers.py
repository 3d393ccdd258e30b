"""The container's end of a published port: a server that does not answer, and answers that leave by another device."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.truth.case import Case, Plant
from tests.truth.lab import Lab
from tests.truth.plants import both, container, device, rules, saved, shell, sysctl
from tests.truth.probes import published
from tests.truth.reach.planting import joined
from tests.truth.reach.servers import FULL, service
from tests.truth.rows import WHOLE, ordinary, outage, unknown

SERVED, ANSWERS, HOST_PORT = "listener", "answers inside", "port of the host"
HABIT, HOST_HABIT = "networks and routes", "host mode"
SLEEP = ["sleep", "1000"]
VPN = f"{device('wg0')}; ip address add 10.9.0.2/32 dev wg0"
HALVES = "ip route add 0.0.0.0/1 dev wg0; ip route add 128.0.0.0/1 dev wg0"
WG_QUICK = (
    "ip route add default dev wg0 table 51820; ip rule add not fwmark 51820 table 51820; "
    "ip rule add table main suppress_prefixlength 0"
)
STATEFUL = (
    "iptables -I INPUT -j DROP; iptables -I INPUT -p tcp -m multiport --dports 8518,443 -j ACCEPT; "
    "iptables -I INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT; iptables -I INPUT -i lo -j ACCEPT"
)
OWN_BRIDGE = "ip link add br0 type bridge; ip link set br0 up; ip link set eth0"
STRICT = both(sysctl("net.ipv4.conf.all.rp_filter", "1"), sysctl("net.ipv4.conf.br-m.rp_filter", "1"))
BY_ANOTHER_NETWORK = "ip route replace default via 10.43.0.1"


def inside(do: str, port: int) -> Plant:
    """A published container, and shell commands in its namespace."""
    return both(container("srv", ports={"80/tcp": port}), shell(do, ":", container="srv"))


def on_its_own(row: Any, name: str, kind: str, port: int, plant: Plant, answers: str = "srv", **options: Any) -> Case:
    """A row about a container of its own at a port."""
    settings = {"asked": str(port), "probe": published(port, answers), "sound_before": False, **options}
    found: Case = row(name, kind, plant, **settings)
    return found


@contextmanager
def stopped(lab: Lab) -> Iterator[None]:
    """SIGSTOP for the server's process, as a debugger or `kill -STOP` does."""
    pid = lab.pid("srv")
    lab.sh(f"kill -STOP {pid}")
    try:
        yield
    finally:
        lab.sh(f"kill -CONT {pid}")


def idle(port: int, *more: Plant) -> Plant:
    """A published container that serves nothing by itself."""
    return both(container("srv", SLEEP, ports={"80/tcp": port}), *more)


CASES = (
    on_its_own(
        unknown, "accept queue full", SERVED, 8501, idle(8501, service("srv", "tcp,0.0.0.0,80", where="srv", then=FULL))
    ),
    on_its_own(
        unknown, "server's process stopped", SERVED, 8502, both(container("srv", ports={"80/tcp": 8502}), stopped)
    ),
    on_its_own(
        unknown, "listens on IPv6 alone", SERVED, 8503, idle(8503, service("srv", "tcp,::,80,v6only", where="srv"))
    ),
    on_its_own(
        unknown,
        "listens on its second network alone",
        SERVED,
        8504,
        idle(8504, joined("srv", "m"), service("srv", "tcp,$srv_m,80", where="srv")),
    ),
    on_its_own(unknown, "VPN inside that takes both halves", ANSWERS, 8505, inside(f"{VPN}; {HALVES}", 8505)),
    on_its_own(unknown, "rules of wg-quick inside", ANSWERS, 8506, inside(f"{VPN}; {WG_QUICK}", 8506)),
    on_its_own(
        unknown,
        "host's own network blackholed inside",
        ANSWERS,
        8507,
        inside("ip route add blackhole 192.0.2.0/24", 8507),
    ),
    on_its_own(unknown, "ARP off inside", ANSWERS, 8508, inside("ip link set eth0 arp off", 8508)),
    on_its_own(
        unknown,
        "answers by a second network, strict reverse path filter",
        ANSWERS,
        8509,
        both(
            container("srv", ports={"80/tcp": 8509}),
            joined("srv", "m"),
            shell(BY_ANOTHER_NETWORK, ":", container="srv"),
            STRICT,
        ),
    ),
    on_its_own(
        unknown,
        "host mode on the loopback",
        HOST_PORT,
        8511,
        container("srv", ["httpd", "-f", "-p", "127.0.0.1:8511"], network_mode="host"),
    ),
    on_its_own(
        unknown,
        "host mode, closed in the input chain",
        HOST_PORT,
        8512,
        both(
            container("srv", ["httpd", "-f", "-p", "0.0.0.0:8512"], network_mode="host"),
            rules("-I INPUT -p tcp --dport 8512 -j DROP"),
        ),
    ),
    on_its_own(unknown, "eth0 inside is a port of a bridge", ANSWERS, 8541, inside(f"{OWN_BRIDGE} master br0", 8541)),
    on_its_own(
        outage,
        "own address inside without its local route",
        ANSWERS,
        8542,
        inside("ip route del table local local $srv dev eth0", 8542),
    ),
    on_its_own(
        outage,
        "table local inside without its rule",
        ANSWERS,
        8543,
        inside("ip rule del pref 0", 8543),
    ),
    on_its_own(
        ordinary,
        "another port of the container dropped in raw",
        HABIT,
        8546,
        both(
            container("srv", ports={"80/tcp": [8546, 8547]}),
            rules("-t raw -I PREROUTING -p tcp --dport 8547 -j DROP"),
        ),
        verdicts=WHOLE,
        forbidden=frozenset(),  # the other port is closed
    ),
    on_its_own(ordinary, "bridge inside without eth0", HABIT, 8544, inside(f"{OWN_BRIDGE} mtu 1500", 8544)),
    on_its_own(
        ordinary,
        "table local inside behind another rule",
        HABIT,
        8545,
        inside("ip rule add pref 10 lookup local; ip rule del pref 0", 8545),
    ),
    on_its_own(
        ordinary,
        "VPN inside with a route for the host's network",
        HABIT,
        8515,
        inside(f"{VPN}; ip route add 192.0.2.0/24 via 172.17.0.1; {HALVES}", 8515),
    ),
    on_its_own(
        ordinary,
        "answers by a second network",
        HABIT,
        8516,
        both(
            container("srv", ports={"80/tcp": 8516}),
            joined("srv", "m"),
            shell(BY_ANOTHER_NETWORK, ":", container="srv"),
        ),
    ),
    on_its_own(
        ordinary,
        "another port of the host closed",
        HOST_HABIT,
        8517,
        both(service("nginx", "tcp,0.0.0.0,8517,shared"), rules("-I INPUT -p tcp --dport 8518 -j DROP")),
        "nginx",
    ),
    on_its_own(
        ordinary,
        "input chain that drops all but its ports",
        HOST_HABIT,
        8518,
        both(service("nginx", "tcp,0.0.0.0,8518,shared"), saved(STATEFUL)),
        "nginx",
    ),
)
