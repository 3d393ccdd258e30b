"""What people ask of ordinary hosts: names that two projects use, words for the host, questions without a port."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.truth.lab import Lab
from tests.truth.plants import both
from tests.truth.reach.dns import serving
from tests.truth.reach.planting import SLEEP, box, client, joined, network
from tests.truth.reach.servers import service
from tests.truth.reach.situation import BOOKWORM, SID, Situation, fails, fails_unseen, works
from tests.truth.reach.situations.links import LAN

STORE: dict[str, Any] = {"Aliases": ["store"]}


@contextmanager
def six_alone(lab: Lab) -> Iterator[None]:
    """A network without IPv4, for which docker-py has no word."""
    api = lab.host.api()
    settings = {"Name": "six", "EnableIPv4": False, "EnableIPv6": True}
    body = {**settings, "IPAM": {"Config": [{"Subnet": "fd00:66::/64"}]}}
    api._raise_for_status(api._post_json(api._url("/networks/create"), data=body))
    try:
        yield
    finally:
        api.remove_network("six")


# `store` is a service of the client's project, and a container of another one
NAMESAKE = both(box("store", "m", SLEEP), box("server", endpoint=STORE), client())
ON_HOST = service("host", "tcp,::,8095,shared")
ASKED: dict[str, Any] = {"target": "host", "port": 8095, "answers": ("host",)}
INNER = network("inner", "10.44.0.0/24", internal=True)
SYSLOG = both(box("server", command=SLEEP), client(), service("server", "udp,0.0.0.0,514", where="server"))

SITUATIONS: tuple[Situation, ...] = (
    works("alias that is the name of a container of another network", NAMESAKE, target="store"),
    works(
        "extra_hosts with the name of a container of another network",
        both(box("store", "m", SLEEP), box("server"), client(extra_hosts={"store": "192.0.2.1"})),
        target="store",
        port=7000,
        answers=("outside",),
    ),
    fails(
        "name of a container of another network without such an alias",
        "name",
        both(box("store", "m"), client()),
        target="store",
    ),
    works("localhost without IPv6", both(box("client")), target="localhost", answers=("client",), engines=(BOOKWORM,)),
    works(
        "localhost with IPv6 switched off",
        both(box("client", sysctls={"net.ipv6.conf.lo.disable_ipv6": "1"})),
        target="localhost",
        answers=("client",),
    ),
    works("host from an internal network", both(INNER, client("inner"), ON_HOST), through="10.44.0.1", **ASKED),
    works(
        "host from a network of IPv6 alone",
        both(six_alone, client("six"), ON_HOST),
        through="fd00:66::1",
        engines=(SID,),
        **ASKED,
    ),
    works(
        "host from an internal network and another one",
        both(INNER, client("inner"), joined("client", "m"), ON_HOST),
        through="10.43.0.1",
        **ASKED,
    ),
    fails("bridge network to macvlan", "outside", both(LAN, box("server", "lan"), client()), target="$server"),
    fails("host mode to macvlan", "outside", both(LAN, box("server", "lan"), client("host")), target="$server"),
    fails("host from a macvlan network", "link", both(LAN, client("lan"), ON_HOST), through="$host", **ASKED),
    works("datagrams without a port in the question", SYSLOG, port=514, protocol="udp", portless=True),
    fails("TCP to a multicast address", "route", client(), target="224.0.0.1"),
    fails("TCP to the broadcast address", "route", client(), target="10.42.0.255"),
    fails_unseen(
        "alias with letters that DNS has not",
        "name",
        both(box("server", endpoint={"Aliases": ["größe"]}), client()),
        target="größe",
    ),
    fails_unseen("name that is a number", "name", both(box("2024"), client()), target="2024", answers=("2024",)),
    fails_unseen(
        "host.docker.internal without extra_hosts",
        "name",
        both(serving, client(dns=["192.0.2.1"])),
        target="host.docker.internal",
    ),
    fails(
        "port published on IPv6 alone, over IPv4",
        "listener",
        both(six_alone, box("server", "six", ports={"80/tcp": 8096}), client()),
        target="10.42.0.1",
        port=8096,
        engines=(SID,),
    ),
)
