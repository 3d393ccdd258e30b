"""Networks, addresses, routes and devices as hosts ordinarily have them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from docker.types import IPAMConfig, IPAMPool

from tests.truth.case import Case, Plant
from tests.truth.lab import Lab
from tests.truth.plants import both, container, device, shell, sysctl
from tests.truth.rows import ordinary

KIND = "networks and routes"
SLEEP = ["sleep", "1000"]
BRIDGE = "com.docker.network.bridge"


def network(name: str, *names: str, pool: dict[str, str] | None = None, ports: bool = False, **options: Any) -> Plant:
    """`docker network create`, and containers on it."""

    @contextmanager
    def plant(lab: Lab) -> Iterator[None]:
        ipam = IPAMConfig(pool_configs=[IPAMPool(**pool)]) if pool else None
        made = lab.host.client().networks.create(name, ipam=ipam, **options)
        try:
            for number, one in enumerate(names):
                publish = {"80/tcp": 8200 + number} if ports else {}
                lab.run(one, SLEEP, network=name, ports=publish)
            yield
        finally:
            lab.remove(*names)
            made.remove()

    return plant


def habit(name: str, plant: Plant, **options: Any) -> Case:
    """A habit beside the published container web, which works."""
    return ordinary(name, KIND, plant, **options)


def of_host(name: str, do: str, undo: str, **options: Any) -> Case:
    """Devices, addresses and routes of the host."""
    return habit(name, shell(do, undo), **options)


MACVLAN: dict[str, Any] = {"driver": "macvlan", "options": {"parent": "enp0s3"}}
LAN = {"subnet": "192.0.2.0/24", "gateway": "192.0.2.1"}
NETNS = "ip netns add pod; ip link add pod0 type veth peer name eth0 netns pod"

CASES = (
    of_host(
        "RFC 1918 by a core router",
        "for net in 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16; do ip route add $$net via 192.0.2.1; done",
        "for net in 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16; do ip route del $$net; done",
    ),
    of_host(
        "blackhole of RFC 1918",
        "ip route add blackhole 10.0.0.0/8 metric 4278198272",
        "ip route del blackhole 10.0.0.0/8 metric 4278198272",
    ),
    of_host("a neighbouring subnet", "ip route add 172.19.0.0/16 via 192.0.2.1", "ip route del 172.19.0.0/16"),
    of_host(
        "a VPN's default route that lets local subnets be",
        "ip route add default via 192.0.2.1 table 51820; "
        "ip rule add pref 91 not fwmark 51820 lookup 51820; "
        "ip rule add pref 90 lookup main suppress_prefixlength 0",
        "ip rule del pref 90; ip rule del pref 91; ip route flush table 51820",
    ),
    of_host(
        "policy rule for another source",
        "ip route add default via 192.0.2.1 table 60; ip rule add pref 95 from 192.0.2.77 lookup 60",
        "ip rule del pref 95; ip route flush table 60",
    ),
    of_host(
        "two uplinks",
        f"{device('up1')}; "
        "ip address add 198.51.100.2/24 dev up1; ip link set up1 up; "
        "ip route add default via 198.51.100.1 metric 200",
        "ip link del up1",
    ),
    of_host(
        "more addresses on the uplink",
        "ip address add 192.0.2.11/24 dev enp0s3; ip address add 192.0.2.12/32 dev enp0s3",
        "ip address del 192.0.2.11/24 dev enp0s3; ip address del 192.0.2.12/32 dev enp0s3",
    ),
    of_host(
        "a bridge of virtual machines",
        "ip link add virbr0 type bridge; ip address add 192.168.122.1/24 dev virbr0; "
        "ip link set virbr0 up; ip tuntap add vnet0 mode tap; ip link set vnet0 master virbr0 up",
        "ip link del vnet0; ip link del virbr0",
    ),
    of_host(
        "LXC",
        "ip link add lxcbr0 type bridge; ip address add 10.0.3.1/24 dev lxcbr0; "
        "ip link set lxcbr0 up; ip link add vethlx type veth peer name vethly; "
        "ip link set vethlx master lxcbr0 up",
        "ip link del vethlx; ip link del lxcbr0",
    ),
    of_host(
        "a VPN device",
        f"{device('tun7')}; ip address add 10.8.0.1/24 dev tun7; ip link set tun7 mtu 1420 up",
        "ip link del tun7",
    ),
    of_host(
        "an address of Docker's kind elsewhere",
        f"{device('dummy9')}; ip address add 172.30.0.1/24 dev dummy9; ip link set dummy9 up",
        "ip link del dummy9",
    ),
    of_host(
        "a namespace of a pod",
        f"{NETNS}; ip link set pod0 up; ip address add 10.88.0.1/16 dev pod0",
        "ip netns del pod",
    ),
    of_host(
        "a route to one container's own subnet",
        "ip route add 10.200.0.0/24 via $web",
        "ip route del 10.200.0.0/24",
    ),
    habit(
        "strict reverse path filter",
        both(sysctl("net.ipv4.conf.all.rp_filter", "1"), sysctl("net.ipv4.conf.default.rp_filter", "1")),
    ),
    habit("loose reverse path filter", sysctl("net.ipv4.conf.all.rp_filter", "2")),
    habit("no bridge-nf-call", sysctl("net.bridge.bridge-nf-call-iptables", "0")),
    habit("no forwarding by default", sysctl("net.ipv4.conf.default.forwarding", "0")),
    habit("IPv6 disabled", sysctl("net.ipv6.conf.all.disable_ipv6", "1")),
    habit("macvlan with one address", network("mac", "mac-1", pool={**LAN, "iprange": "192.0.2.200/32"}, **MACVLAN)),
    habit(
        "macvlan with a small range",
        network("mac", "mac-1", "mac-2", pool={**LAN, "iprange": "192.0.2.200/31"}, **MACVLAN),
    ),
    habit("network of two addresses", network("tiny", "tiny-1", pool={"subnet": "10.62.0.0/30"})),
    habit("internal network", network("inner", "inner-1", internal=True)),
    habit("no masquerade", network("plain", "plain-1", options={f"{BRIDGE}.enable_ip_masquerade": "false"})),
    habit("no ICC", network("noicc", "noicc-1", "noicc-2", options={f"{BRIDGE}.enable_icc": "false"})),
    habit(
        "published on the network's own address",
        network("own", "own-1", ports=True, options={f"{BRIDGE}.host_binding_ipv4": "127.0.0.1"}),
    ),
    habit("small MTU of a network", network("small", "small-1", options={"com.docker.network.driver.mtu": "1400"})),
    habit("network without containers", network("empty")),
    habit("IPv6 network", network("six", "six-1", enable_ipv6=True, pool={"subnet": "fd00:66::/64"})),
    habit(
        "routed network",
        network("routed", "routed-1", ports=True, options={f"{BRIDGE}.gateway_mode_ipv4": "routed"}),
        engines=("sid",),
    ),
    habit(
        "unprotected network",
        network("open", "open-1", ports=True, options={f"{BRIDGE}.gateway_mode_ipv4": "nat-unprotected"}),
        engines=("sid",),
    ),
    habit(
        "isolated gateway",
        network("iso", "iso-1", internal=True, options={f"{BRIDGE}.gateway_mode_ipv4": "isolated"}),
        engines=("sid",),
    ),
    habit(
        "NET_ADMIN container with a tunnel",
        both(
            container("vpn", SLEEP, cap_add=["NET_ADMIN"]),
            shell(
                f"{device('wg0')}; "
                "ip address add 10.9.0.2/32 dev wg0; ip link set wg0 up; "
                "ip route add 0.0.0.0/1 dev wg0",
                ":",
                container="vpn",
            ),
        ),
    ),
    habit(
        "Docker inside a container",
        both(
            container("dind", SLEEP),
            shell(
                "ip link add docker0 type bridge; ip address add 172.17.0.1/16 dev docker0; "
                "ip link set docker0 up; ip route replace 172.17.0.1 dev eth0",
                ":",
                container="dind",
            ),
        ),
    ),
    habit(
        "kill switch inside a container",
        both(
            container("vpn", SLEEP),
            shell("iptables -P OUTPUT DROP; iptables -A OUTPUT -o lo -j ACCEPT", ":", container="vpn"),
        ),
    ),
    habit(
        "second address inside a container",
        both(container("vip", SLEEP), shell("ip address add 172.17.99.9/32 dev eth0", ":", container="vip")),
    ),
)
