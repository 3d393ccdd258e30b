"""Packets that are too large for a device, queues that take none, and what brings packets to a host at all."""

from typing import Any

from tests.truth.case import Case, Plant
from tests.truth.plants import both, container, rules, shell, sysctl
from tests.truth.probes import published
from tests.truth.reach.changes import outside
from tests.truth.rows import ordinary, unknown

SIZE, UPLINK, NETWORKS = "size", "uplink", "networks and routes"
NARROW = shell("ip link set enp0s3 mtu 200", "ip link set enp0s3 mtu 1500")
NO_ERRORS = rules("-I OUTPUT -p icmp -j DROP")
PORTED, FREED = "ip link add brx type bridge; ip link set enp0s3 master brx", "ip link set enp0s3 nomaster"
DEFAULT = "ip route replace default via 192.0.2.1"
# clients with an address beyond the host's own network
FAR = "ip address add 198.51.100.1/32 dev lo; ip route change 192.0.2.0/24 dev outside src 198.51.100.1"
NEAR = "ip route change 192.0.2.0/24 dev outside src 192.0.2.1; ip address del 198.51.100.1/32 dev lo"
ON_LO = shell("ip address add 192.0.2.50/32 dev lo", "ip address del 192.0.2.50/32 dev lo")
SILENT = sysctl("net.ipv4.conf.all.arp_ignore", "1")


def inside(name: str, port: int, do: str) -> Case:
    """Shell commands in the namespace of a published container."""
    plant = both(container("srv", ports={"80/tcp": port}), shell(do, ":", container="srv"))
    probe = published(port, "srv")
    return unknown(name, SIZE, plant, asked=str(port), probe=probe, sound_before=False)


def vip(row: Any, name: str, *plants: Plant) -> Case:
    """A port that is published on an address of lo, as a load balancer's."""
    made = container("vip", ports={"80/tcp": ("192.0.2.50", 8633)})
    probe = published(8633, "vip", "192.0.2.50")
    kind = UPLINK if plants else NETWORKS
    found: Case = row(name, kind, both(ON_LO, made, *plants), asked="8633", probe=probe, sound_before=False)
    return found


CASES = (
    unknown(
        "host end of a veth with a smaller MTU",
        SIZE,
        shell("ip link set $web_veth mtu 200", "ip link set $web_veth mtu 1500; ip link set docker0 mtu 1500"),
    ),
    unknown("smaller MTU of the uplink, and ICMP errors dropped", SIZE, both(NARROW, NO_ERRORS)),
    inside("queue of 10 bytes inside", 8631, "tc qdisc add dev eth0 root bfifo limit 10"),
    inside("queue that takes nothing inside", 8632, "tc qdisc add dev eth0 root blackhole"),
    unknown("uplink is a port of a bridge that is down", UPLINK, shell(PORTED, f"{FREED}; ip link del brx")),
    unknown(
        "permanent neighbour entry of the gateway, of another card",
        UPLINK,
        shell(
            "ip neigh replace 192.0.2.1 lladdr 02:00:00:00:00:99 dev enp0s3 nud permanent",
            "ip neigh del 192.0.2.1 dev enp0s3",
        ),
    ),
    unknown(
        "default gateway that nobody has",
        UPLINK,
        both(outside(FAR, NEAR), shell("ip route replace default via 192.0.2.77", DEFAULT)),
    ),
    vip(unknown, "published on an address of lo for which no uplink answers ARP", SILENT),
    vip(ordinary, "published on an address of lo"),
    ordinary("ICMP errors of the host dropped", NETWORKS, NO_ERRORS),
    ordinary(
        "smaller MTU inside a container",
        NETWORKS,
        shell("ip link set eth0 mtu 1400", "ip link set eth0 mtu 1500", container="web"),
    ),
    ordinary(
        "queue of 100 frames at the uplink",
        NETWORKS,
        shell("tc qdisc add dev enp0s3 root bfifo limit 151400", "tc qdisc del dev enp0s3 root"),
    ),
    ordinary(
        "gateway of the default route pinned to its MAC address",
        NETWORKS,
        shell(
            "ping -c1 -W1 192.0.2.1 >/dev/null 2>&1 || true; "
            "ip neigh replace 192.0.2.1 lladdr $$(ip neigh show 192.0.2.1 dev enp0s3 | grep -o '..:..:..:..:..:..') "
            "dev enp0s3 nud permanent",
            "ip neigh del 192.0.2.1 dev enp0s3",
        ),
    ),
)
