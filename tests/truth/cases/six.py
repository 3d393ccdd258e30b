"""IPv6, where the engine writes rules for it: the port works over IPv4 meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from docker.types import IPAMConfig, IPAMPool

from tests.truth.case import ANY, Case, Plant
from tests.truth.lab import Lab
from tests.truth.plants import forward, nft, rules, shell, sysctl, table
from tests.truth.probes import published
from tests.truth.rows import NOT_WHOLE, ordinary, outage

KIND = "IPv6"
HOST = "2001:db8::10"
PROBE = published(8066, "six-web", HOST)


@contextmanager
def six(lab: Lab) -> Iterator[None]:
    """IPv6 addresses on the uplink, and a container published on a network with IPv6."""
    client = lab.host.client()
    lab.sh(f"ip address add {HOST}/64 dev enp0s3 nodad")
    lab.sh("ip address add 2001:db8::1/64 dev outside nodad", far=True)
    ipam = IPAMConfig(pool_configs=[IPAMPool(subnet="fd00:66::/64"), IPAMPool(subnet="10.66.0.0/24")])
    options = {"com.docker.network.bridge.name": "br-six"}
    network = client.networks.create("six", enable_ipv6=True, ipam=ipam, options=options)
    try:
        lab.run("six-web", network="six", ports={"80/tcp": 8066})
        yield
    finally:
        lab.remove("six-web")
        network.remove()
        lab.sh("ip address del 2001:db8::1/64 dev outside", far=True)
        lab.sh(f"ip address del {HOST}/64 dev enp0s3")


def broken(name: str, plant: Plant, *finds: str, **options: Any) -> Case:
    """An outage over IPv6 alone."""
    settings = {"asked": "8066", "probe": PROBE, "base": six, "engines": ("sid",), **options}
    return outage(name, KIND, plant, *finds, **settings)


def ip6tables(*texts: str) -> Plant:
    """Rules of ip6tables."""
    return rules(*texts, command="ip6tables")


ELSEWHERE = "-j DNAT --to-destination [fd00:66::99]:80"

CASES = (
    broken(
        "IPv6 DNAT to another address", ip6tables(f"-t nat -I PREROUTING -p tcp --dport 8066 {ELSEWHERE}"), "wrong_dnat"
    ),
    broken(
        "IPv6 DNAT by multiport",
        ip6tables(f"-t nat -I PREROUTING -p tcp -m multiport --dports 8066 {ELSEWHERE}"),
        "wrong_dnat",
    ),
    broken("IPv6 forward drop", ip6tables("-I FORWARD -o br-six -j DROP"), "forward_drop"),
    broken("IPv6 raw drop", ip6tables("-t raw -I PREROUTING -p tcp --dport 8066 -j DROP"), ANY),
    broken("IPv6 drop in an inet table", nft(table("inet t", forward("meta nfproto ipv6 drop"))), "forward_drop"),
    broken("IPv6 drop by prefix", nft(table("ip6 t", forward("ip6 daddr fd00:66::/64 drop"))), "forward_drop"),
    broken("IPv6 forwarding off", sysctl("net.ipv6.conf.all.forwarding", "0"), "forwarding_off"),
    broken(
        "IPv6 blackhole rule",
        shell("ip -6 rule add pref 100 to fd00:66::/64 blackhole", "ip -6 rule del pref 100"),
        "route_lost",
    ),
    broken(
        "IPv6 address of the bridge gone",
        shell("ip address del fd00:66::1/64 dev br-six", "ip address add fd00:66::1/64 dev br-six nodad"),
        "bridge_down",
    ),
    broken(
        "IPv6 address of the host without its local route",
        shell(
            f"ip -6 route del local {HOST} dev enp0s3 table local",
            f"ip -6 route add local {HOST} dev enp0s3 table local",
        ),
        verdicts=NOT_WHOLE,
    ),
    ordinary("IPv6 published", KIND, six, asked="8066", probe=PROBE, sound_before=False, engines=("sid",)),
)
