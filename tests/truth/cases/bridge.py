"""The bridge, its addresses, and the veth between it and the container."""

from typing import Any

from tests.truth.case import Case, Probe
from tests.truth.plants import both, forward, nft, rules, shell, table
from tests.truth.probes import between, published
from tests.truth.rows import NOT_WHOLE, outage

BRIDGE, VETH = "bridge not looked at", "veth"
API = published(8081, "api")
ADDRESS_BACK = "ip address add 172.17.0.1/16 brd 172.17.255.255 dev docker0"
# found by the sweep of the namespaces, which may take ten seconds
SWEPT = 14.0


def of_api(name: str, kind: str, do: str, undo: str, *finds: str, **options: Any) -> Case:
    """A fault of the user network's bridge br-n."""
    probe: Probe = options.pop("probe", API)
    return outage(name, kind, shell(do, undo), *finds, asked=options.pop("asked", "8081"), probe=probe, **options)


def of_web(name: str, do: str, undo: str, *finds: str, **options: Any) -> Case:
    """A fault of the way between docker0 and the container."""
    return outage(name, VETH, shell(do, undo), *finds, watch=SWEPT, **options)


CASES = (
    outage(
        "docker0 without its address",
        BRIDGE,
        shell("ip address flush dev docker0", ADDRESS_BACK),
        "bridge_down",
        "route_lost",
    ),
    outage("docker0 down", BRIDGE, shell("ip link set docker0 down", "ip link set docker0 up"), "bridge_down"),
    of_api("br-n down", BRIDGE, "ip link set br-n down", "ip link set br-n up", "bridge_down"),
    of_api(
        "br-n with another address",
        BRIDGE,
        "ip address flush dev br-n; ip address add 10.77.0.1/24 dev br-n",
        "ip address flush dev br-n; ip address add 10.42.0.1/24 brd 10.42.0.255 dev br-n",
        "bridge_down",
        "route_lost",
    ),
    outage(
        "br-n without the gateway's address, with its route",
        BRIDGE,
        both(
            shell(
                "ip address flush dev br-n; ip route add 10.42.0.0/24 dev br-n",
                "ip route del 10.42.0.0/24 dev br-n; ip address add 10.42.0.1/24 brd 10.42.0.255 dev br-n",
            ),
            shell("ip neigh flush all", ":", container="api"),
        ),
        "bridge_down",
        asked="8081",
        probe=API,
    ),
    outage("docker0 deleted", BRIDGE, shell("ip link delete docker0", ":"), "bridge_down", fresh=True),
    of_api(
        "neighbours of a bridge that is down",
        BRIDGE,
        "ip link set br-n down",
        "ip link set br-n up",
        "bridge_down",
        probe=between("db", "api"),
    ),
    of_web("veth down", "ip link set $web_veth down", "ip link set $web_veth up", "detached_veth"),
    of_web("veth deleted", "ip link del $web_veth", ":", "detached_veth", fresh=True),
    of_web(
        "veth off its bridge", "ip link set $web_veth nomaster", "ip link set $web_veth master docker0", "detached_veth"
    ),
    of_web(
        "veth on another network's bridge",
        "ip link set $web_veth master br-n",
        "ip link set $web_veth master docker0",
        "detached_veth",
    ),
    of_web(
        "bridge port disabled",
        "bridge link set dev $web_veth state 0",
        "bridge link set dev $web_veth state 3",
    ),
    outage(
        "wrong neighbour entry on the host",
        VETH,
        shell(
            "ip neighbour replace $web lladdr 02:00:00:00:00:99 dev docker0 nud permanent",
            "ip neighbour del $web dev docker0",
        ),
        verdicts=NOT_WHOLE,
    ),
    outage(
        "eth0 down inside",
        VETH,
        shell(
            "ip link set eth0 down",
            "ip link set eth0 up; ip route add default via 172.17.0.1",
            container="web",
        ),
        watch=SWEPT,
    ),
    outage(
        "address gone inside",
        VETH,
        shell(
            "ip address flush dev eth0",
            "ip address add $web/16 dev eth0; ip route add default via 172.17.0.1",
            container="web",
        ),
        watch=SWEPT,
    ),
    outage(
        "default route gone inside",
        VETH,
        shell("ip route del default", "ip route add default via 172.17.0.1", container="web"),
        watch=SWEPT,
    ),
    outage(
        "default route to a stranger inside",
        VETH,
        shell(
            "ip route replace default via 172.17.0.99",
            "ip route replace default via 172.17.0.1",
            container="web",
        ),
        watch=SWEPT,
    ),
    outage(
        "forward policy that forgets bridge to bridge",
        "br_netfilter",
        rules("-I FORWARD -i br-n -o br-n -j DROP"),
        "bridge_filtered",
        probe=between("db", "api"),
        asked="",
    ),
    outage(
        "nft forward policy that forgets bridge to bridge",
        "br_netfilter",
        nft(
            table(
                "ip t",
                forward(
                    'iifname { "br-n", "docker0", "br-m" } oifname "enp0s3" accept',
                    'iifname "enp0s3" accept',
                    policy="drop",
                ),
            )
        ),
        "bridge_filtered",
        probe=between("db", "api"),
        asked="",
    ),
    outage(
        "DROP of a subnet to itself",
        "br_netfilter",
        both(rules("-I FORWARD -s 10.42.0.0/24 -d 10.42.0.0/24 -j DROP")),
        "bridge_filtered",
        probe=between("db", "api"),
        asked="",
    ),
)
