"""Answers that leave by another device than the one beyond which their client is, and a host's address without a route.

The far client is one of the internet: it is beyond the gateway.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from docker.types import IPAMConfig, IPAMPool

from tests.truth.case import Case, Plant
from tests.truth.lab import Lab
from tests.truth.plants import both, device, rules, shell
from tests.truth.probes import FAR, far, published
from tests.truth.reach.changes import outside
from tests.truth.reach.servers import service
from tests.truth.rows import ordinary, unknown

ROUTING, HOST_PORT, HABIT = "routing", "port of the host", "networks and routes"
BEYOND = outside(f"ip address add {FAR}/32 dev lo", f"ip address del {FAR}/32 dev lo")
TUNNEL = "ip tuntap add wg0 mode tun; ip address add 10.9.0.2/32 dev wg0; ip link set wg0 up"
WG_QUICK = shell(
    f"{TUNNEL}; ip route add default dev wg0 table 51820; ip rule add not fwmark 51820 table 51820; "
    "ip rule add table main suppress_prefixlength 0",
    "ip rule del not fwmark 51820 table 51820; ip rule del table main suppress_prefixlength 0; ip link del wg0",
)
NETWORK_MANAGER = shell(
    f"{TUNNEL}; ip route add default dev wg0 metric 50; ip route del default metric 0; "
    "ip route add default via 192.0.2.1 metric 100",
    "ip link del wg0; ip route replace default via 192.0.2.1; ip route del default metric 100",
)
KEPT = rules(
    "-t mangle -A PREROUTING -i enp0s3 -j CONNMARK --set-mark 51820",
    "-t mangle -A PREROUTING -i docker0 -j CONNMARK --restore-mark",
)
LOCAL = "local 192.0.2.10 dev enp0s3 proto kernel scope host src 192.0.2.10 table local"
BY_SOURCE = shell(
    f"{device('wg7')}; ip route add default dev wg7 table 200; ip rule add pref 100 from 172.17.0.0/16 lookup 200",
    "ip rule del pref 100; ip link del wg7",
)


def from_far(row: Any, name: str, *plants: Plant) -> Case:
    """A row about web and a client of the internet."""
    found: Case = row(name, ROUTING if row is unknown else HABIT, both(*plants), probe=far(8080, "web"), base=BEYOND)
    return found


@contextmanager
def part_of_the_prefix(lab: Lab) -> Iterator[None]:
    """A network of a provider's prefix, of which the uplink has the rest, and a container on it."""
    lab.sh("ip address add 2001:db8::10/64 dev enp0s3 nodad; sysctl -qw net.ipv6.conf.all.proxy_ndp=1")
    pools = [IPAMPool(subnet="2001:db8:0:0:d::/80"), IPAMPool(subnet="10.67.0.0/24")]
    network = lab.host.client().networks.create("part", enable_ipv6=True, ipam=IPAMConfig(pool_configs=pools))
    try:
        lab.run("proxied", network="part", ports={"80/tcp": 8946})
        lab.sh("ip -6 neigh add proxy $proxied_part_six dev enp0s3")
        yield
    finally:
        lab.remove("proxied")
        network.remove()
        lab.sh("ip -6 neigh flush proxy dev enp0s3; ip address del 2001:db8::10/64 dev enp0s3")
        lab.sh("sysctl -qw net.ipv6.conf.all.proxy_ndp=0")


CASES = (
    unknown(
        "host's own address without its local route",
        ROUTING,
        shell(f"ip route del {LOCAL}", f"ip route add {LOCAL}"),
    ),
    unknown("containers' answers by the device of a VPN", ROUTING, BY_SOURCE),
    from_far(unknown, "wg-quick takes the answers to the internet", WG_QUICK),
    from_far(unknown, "a VPN's default route of a better metric", NETWORK_MANAGER),
    from_far(ordinary, "wg-quick, and the answers marked to be kept off it", WG_QUICK, KEPT),
    ordinary(
        "a VPN that all private addresses are routed to",
        HABIT,
        shell(
            f"{TUNNEL}; for net in 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16; do ip route add $$net dev wg0; done",
            "ip link del wg0",
        ),
    ),
    ordinary(
        "network with a part of the uplink's prefix, and proxies of neighbour discovery",
        HABIT,
        part_of_the_prefix,
        asked="8946",
        probe=published(8946, "proxied"),
        sound_before=False,
        engines=("sid",),
    ),
    unknown(
        "wg-quick takes the host's answers to the internet",
        HOST_PORT,
        both(service("srv", "tcp,0.0.0.0,8941,shared"), WG_QUICK),
        asked="8941",
        probe=far(8941, "srv"),
        base=BEYOND,
        sound_before=False,
    ),
    unknown(
        "host's port, and its address without its local route",
        HOST_PORT,
        both(service("srv", "tcp,0.0.0.0,8942,shared"), shell(f"ip route del {LOCAL}", f"ip route add {LOCAL}")),
        asked="8942",
        probe=published(8942, "srv"),
        sound_before=False,
    ),
)
