"""Restarts, shared namespaces, second networks and gateways: what happens to containers in the course of time."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.truth.lab import Lab
from tests.truth.plants import both
from tests.truth.reach.changes import command, removed_from, within, written
from tests.truth.reach.dns import KNOWN
from tests.truth.reach.planting import SLEEP, box, client, joined, network, pair
from tests.truth.reach.servers import service
from tests.truth.reach.situation import AMBIGUOUS, NEWER, Truth, fails, fails_unseen, works

OUTSIDE: dict[str, Any] = {"target": "$outside", "port": 7000, "answers": ("outside",)}
POOL: dict[str, Any] = {"Aliases": ["pool"]}
INNER = network("inner", "10.44.0.0/24", internal=True)
DUAL = network("dual", "10.66.0.0/24", "fd00:66::/64")
ON_HOST = service("host", "tcp,0.0.0.0,7001,shared")
HOST: dict[str, Any] = {"port": 7001, "answers": ("host",)}
BY_GATEWAY: dict[str, Any] = {"extra_hosts": {"host.docker.internal": "host-gateway"}}
SIDECAR = both(box("main", "n", SLEEP), box("server", "container:main"), client())
ORPHANED = both(client(), box("sharer", "container:client", SLEEP), box("server"))
BY_ROUTER = within("client", "ip route replace default via $router")
LAN = network(
    "lan",
    {"subnet": "192.0.2.0/24", "gateway": "192.0.2.1", "iprange": "192.0.2.64/27"},
    driver="macvlan",
    options={"parent": "enp0s3"},
)


@contextmanager
def moved(lab: Lab) -> Iterator[None]:
    """The server stops, another container takes its address, and the server starts with the next one."""
    client = lab.host.client()
    client.containers.get("server").kill()
    with lab.running("taker", network="n"):
        client.containers.get("server").start()
        lab.wait_until_listening("server")
        yield


SITUATIONS = (
    works("server restarted with another address", pair(), moved),
    works("server restarted", pair(), command("restart", "server")),
    works("client restarted", pair(), command("restart", "client")),
    works(
        "right extra_hosts",
        both(
            box("server", endpoint={"IPAMConfig": {"IPv4Address": "10.42.0.77"}}),
            client(extra_hosts={"server": "10.42.0.77"}),
        ),
    ),
    works(
        "alias on two networks, of which the first answers",
        both(box("server", "m", endpoint=POOL), box("second", "n", endpoint=POOL), client(), joined("client", "m")),
        target="pool",
        answers=("server",),
    ),
    works(
        "alias of a running and a stopped container",
        both(box("server", endpoint=POOL), box("second", endpoint=POOL), client()),
        command("kill", "second"),
        target="pool",
        answers=("server", "second"),
    ),
    works(
        "alias of a running and a paused container",
        both(box("server", endpoint=POOL), box("second", endpoint=POOL), client()),
        command("pause", "second", "unpause"),
        target="pool",
        truth=Truth.MIXED,
        verdicts=frozenset({AMBIGUOUS}),
        steps=("listener",),
        answers=("server",),
        works_before=False,
    ),
    works("host by host-gateway", both(client(**BY_GATEWAY), ON_HOST), target="host.docker.internal", **HOST),
    works("service of a sharer by the owner's name", SIDECAR, target="main"),
    works(
        "outside from an internal network and another one",
        both(INNER, client("inner"), joined("client", "n")),
        **OUTSIDE,
    ),
    works(
        "IPv6 of the loopback in a shared namespace",
        both(
            box("server", "n", SLEEP),
            box("client", "container:server", SLEEP),
            service("server", "tcp,::1,80", where="server"),
        ),
        target="::1",
        engines=NEWER,
    ),
    works("neighbour by way of the gateway", pair(), within("client", "ip route add $server/32 via 10.42.0.1")),
    fails_unseen(
        "another container as a gateway that does not forward",
        "link route",
        both(box("router", "n", SLEEP, sysctls={"net.ipv4.ip_forward": "0"}), client()),
        BY_ROUTER,
        **OUTSIDE,
    ),
    fails(
        "line of /etc/hosts of before a restart",
        "name",
        both(pair(), written("client", "/etc/hosts", "$server server\n", append=True)),
        moved,
    ),
    fails("name of a sharer", "name", SIDECAR),
    fails(
        "sharer after a restart of the owner",
        "container route link",
        ORPHANED,
        command("restart", "client"),
        source="sharer",
        target="$server",
    ),
    fails(
        "owner of the server's namespace is stopped", "name container", SIDECAR, command("kill", "main"), target="main"
    ),
    fails("client disconnected from its only network", "route", pair(), removed_from("client", "n"), target="$server"),
    fails_unseen("outside name with --dns to nobody", "name", client(dns=["192.0.2.53"]), target=KNOWN, port=7000),
    fails(
        "listens on the loopback of IPv6",
        "listener",
        both(DUAL, box("server", "dual", SLEEP), client("dual"), service("server", "tcp,::1,80", where="server")),
    ),
    fails(
        "UDP dropped inside the server",
        "inside",
        both(box("server", "n", SLEEP), client(), service("server", "udp,0.0.0.0,80", where="server")),
        within("server", "iptables -A INPUT -p udp -j DROP"),
        protocol="udp",
    ),
    fails(
        "UDP across networks",
        "filter",
        both(box("server", "m", SLEEP), client(), service("server", "udp,0.0.0.0,80", where="server")),
        target="$server",
        protocol="udp",
    ),
    fails(
        "macvlan to a published port of its host",
        "link",
        both(LAN, box("server", "n", ports={"80/tcp": 8090}), client("lan")),
        target="$host",
        port=8090,
    ),
    fails(
        "published on one address, asked by the gateway",
        "listener dnat",
        both(box("server", "m", ports={"80/tcp": ("192.0.2.10", 8090)}), client()),
        target="10.42.0.1",
        port=8090,
    ),
    fails(
        "published port from an internal network",
        "filter dnat route",
        both(INNER, box("server", "n", ports={"80/tcp": 8090}), client("inner")),
        target="10.44.0.1",
        port=8090,
    ),
)
