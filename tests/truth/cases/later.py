"""What later packets of a connection meet, tables that sleep, and queues and settings that let nothing through."""

from typing import Any

from tests.truth.case import Case, Plant
from tests.truth.plants import both, chain, container, forward, nft, rules, shell, sysctl
from tests.truth.probes import published
from tests.truth.rows import ordinary, unknown

TREATED, PLACE, BRIDGE, RULES_GONE = "treated packets", "place not walked", "bridge not looked at", "rules gone"
BUCKET = "qdisc add dev docker0 root tbf"
HABIT, NETWORKS = "firewall", "networks and routes"
TO, FROM = "-I FORWARD -o docker0 -p tcp", "-I FORWARD -i docker0 -p tcp"
NAT = chain("type nat hook prerouting priority -110", "tcp dport 8080 dnat to 10.42.0.200:80")


def dormant(family: str, *chains: str) -> Plant:
    """A table whose base chains the kernel does not enter."""
    return nft("\n".join([f"table {family} t {{", "flags dormant;", *chains, "}"]))


def queue(*words: str) -> Plant:
    """A queue at docker0."""
    do = "; ".join(f"tc {text}" for text in words)
    return shell(do, "tc qdisc del dev docker0 root")


def htb(rate: str) -> Plant:
    """A queue with one class, in which all packets are."""
    root = "qdisc add dev docker0 root handle 1: htb default 10"
    return queue(root, f"class add dev docker0 parent 1: classid 1:10 htb rate {rate} burst 1600")


def dead(name: str, kind: str, plant: Plant, **options: Any) -> Case:
    """The published port is dead."""
    return unknown(name, kind, plant, **options)


# by a question for the gateway the host learns the address of who asks
KNOWS_THE_GATEWAY = shell(
    "ip neigh replace 172.17.0.1 dev eth0 nud permanent lladdr $(ip neigh show 172.17.0.1 | cut -d ' ' -f 5)",
    "ip neigh del 172.17.0.1 dev eth0",
    "web",
)

CASES = (
    dead("data towards the container dropped", TREATED, rules(f"{TO} --tcp-flags PSH PSH -j DROP")),
    dead("acknowledgements dropped", TREATED, rules(f"{TO} --tcp-flags SYN,ACK ACK -j DROP")),
    dead("data of the answer dropped", TREATED, rules(f"{FROM} --tcp-flags PSH PSH -j DROP")),
    dead("time to live of the container", TREATED, sysctl("net.ipv4.ip_default_ttl", "1", "web")),
    dead(
        "Docker's nat table dormant",
        RULES_GONE,
        shell("nft 'add table ip nat { flags dormant; }'", "nft 'add table ip nat'"),
        flags=("--userland-proxy=false",),
        fresh=True,
    ),
    dead("token bucket of 8 bit", BRIDGE, queue(f"{BUCKET} rate 8bit burst 1600 limit 3000")),
    dead("class of 8 bit", BRIDGE, htb("8bit")),
    dead(
        "no address is asked for",
        BRIDGE,
        both(
            KNOWS_THE_GATEWAY,
            both(sysctl("net.ipv4.neigh.docker0.mcast_solicit", "0"), shell("ip neigh flush dev docker0", ":")),
        ),
        engines=("bookworm",),  # later ones make neighbour entries
    ),
    dead(
        "MAC address changed inside",
        BRIDGE,
        shell("ip link set eth0 address 02:00:00:00:00:77", ":", "srv"),
        base=container("srv", ports={"80/tcp": 8621}),
        asked="8621",
        probe=published(8621, "srv"),
        engines=("sid",),
        fresh=True,
    ),
    ordinary("nft dormant table that drops", HABIT, dormant("inet", forward("drop", policy="drop"))),
    ordinary("nft dormant table with a DNAT", HABIT, dormant("ip", NAT)),
    ordinary("new connections without SYN dropped", HABIT, rules(f"{TO} ! --syn -m conntrack --ctstate NEW -j DROP")),
    ordinary("all resets dropped", HABIT, rules(f"{FROM} --tcp-flags SYN,RST RST -j DROP")),
    ordinary("time to live of 32", NETWORKS, sysctl("net.ipv4.ip_default_ttl", "32", "web")),
    ordinary(
        "token bucket of 10 Mbit",
        NETWORKS,
        queue("qdisc add dev docker0 root tbf rate 10mbit burst 32kb latency 400ms"),
    ),
    ordinary("class of 10 Mbit", NETWORKS, htb("10mbit")),
)
