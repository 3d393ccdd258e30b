"""The host's routes, policy rules, forwarding, reverse path filter and addresses."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.truth.case import Case
from tests.truth.lab import Lab
from tests.truth.plants import device, shell, sysctl
from tests.truth.probes import outward, published
from tests.truth.rows import outage

ROUTING, FORWARDING = "routing", "forwarding"
DUMMY, NO_DUMMY = device("dummy7"), "ip link del dummy7"
LOST = ("route_lost", "subnet_overlap")


def route(name: str, do: str, undo: str, *finds: str, **options: Any) -> Case:
    """A change of routes or policy rules."""
    return outage(name, ROUTING, shell(do, undo), *(finds or LOST), **options)


@contextmanager
def published_at_lost_address(lab: Lab) -> Iterator[None]:
    """A container published on an address that leaves the host."""
    lab.sh("ip address add 192.0.2.50/24 dev enp0s3")
    with lab.running("moved", ports={"80/tcp": ("192.0.2.50", 8060)}):
        lab.sh("ip address del 192.0.2.50/24 dev enp0s3")
        yield


CASES = (
    route(
        "policy rule to a table with the subnet elsewhere",
        f"{DUMMY}; ip route add 172.17.0.0/16 dev dummy7 table 52; ip rule add pref 5270 lookup 52",
        f"ip rule del pref 5270; ip route flush table 52; {NO_DUMMY}",
    ),
    route("blackhole rule", "ip rule add pref 100 to 172.17.0.0/16 blackhole", "ip rule del pref 100"),
    route("unreachable rule", "ip rule add pref 100 to 172.17.0.0/16 unreachable", "ip rule del pref 100"),
    route("prohibit rule by device", "ip rule add pref 100 iif enp0s3 prohibit", "ip rule del pref 100"),
    route(
        "rule by device to an empty way",
        "ip route add blackhole default table 53; ip rule add pref 101 iif enp0s3 to 172.16.0.0/12 lookup 53",
        "ip rule del pref 101; ip route flush table 53",
    ),
    route(
        "way back by a rule for the bridge",
        "ip route add blackhole default table 54; ip rule add pref 102 iif docker0 lookup 54",
        "ip rule del pref 102; ip route flush table 54",
    ),
    route("unreachable route to the container", "ip route add unreachable $web/32", "ip route del unreachable $web/32"),
    route("blackhole of a part", "ip route add blackhole 172.17.0.0/24", "ip route del blackhole 172.17.0.0/24"),
    route("more specific route", f"{DUMMY}; ip route add 172.17.0.0/24 dev dummy7", NO_DUMMY, "subnet_overlap"),
    route(
        "more specific route by a router",
        "ip route add 172.17.0.0/24 via 192.0.2.1",
        "ip route del 172.17.0.0/24",
        "subnet_overlap",
    ),
    route(
        "connected subnet inside Docker's",
        f"{DUMMY}; ip address add 172.17.0.254/24 dev dummy7",
        NO_DUMMY,
        "subnet_overlap",
    ),
    route(
        "the subnet's route deleted",
        "ip route del 172.17.0.0/16",
        "ip route add 172.17.0.0/16 dev docker0 proto kernel scope link src 172.17.0.1",
        "route_lost",
        "bridge_down",
    ),
    route(
        "the subnet's route on another device",
        f"{DUMMY}; ip route replace 172.17.0.0/16 dev dummy7",
        f"{NO_DUMMY}; ip route replace 172.17.0.0/16 dev docker0 proto kernel scope link src 172.17.0.1",
    ),
    outage(
        "a VPN's default route in its own table",
        ROUTING,
        shell(
            f"{DUMMY}; ip route add default dev dummy7 table 51820; ip rule add pref 90 not fwmark 51820 lookup 51820",
            f"ip rule del pref 90; ip route flush table 51820; {NO_DUMMY}",
        ),
        *LOST,
        "way_out_lost",
        asked="",
        probe=outward("api"),
    ),
    outage("uplink does not forward", FORWARDING, sysctl("net.ipv4.conf.enp0s3.forwarding", "0"), "forwarding_off"),
    outage("bridge does not forward", FORWARDING, sysctl("net.ipv4.conf.docker0.forwarding", "0"), "forwarding_off"),
    outage("nothing forwards", FORWARDING, sysctl("net.ipv4.ip_forward", "0"), "forwarding_off"),
    outage(
        "br-n does not forward",
        FORWARDING,
        sysctl("net.ipv4.conf.br-n.forwarding", "0"),
        "forwarding_off",
        asked="8081",
        probe=published(8081, "api"),
    ),
    outage(
        "way out of a bridge that does not forward",
        FORWARDING,
        sysctl("net.ipv4.conf.br-n.forwarding", "0"),
        "forwarding_off",
        asked="",
        probe=outward("db"),
    ),
    outage(
        "published on an address that left the host",
        "address",
        published_at_lost_address,
        asked="8060",
        probe=published(8060, "moved", "192.0.2.50"),
        sound_before=False,
    ),
)
