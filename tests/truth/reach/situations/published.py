"""Published ports, asked from inside, and services of the host."""

from typing import Any

from tests.truth.plants import both, rules
from tests.truth.reach.changes import command
from tests.truth.reach.planting import SLEEP, box, client, network
from tests.truth.reach.servers import service
from tests.truth.reach.situation import BOOKWORM, NEWER, SID, fails, fails_unseen, works

PORT: dict[str, Any] = {"80/tcp": 8090}
HOST: dict[str, Any] = {"target": "$host", "port": 8090}
DOCKER0: dict[str, Any] = {"target": "172.17.0.1", "port": 8090}
GATEWAY: dict[str, Any] = {"target": "10.42.0.1", "port": 8090}
OTHERS = both(box("server", "m", ports=PORT), client())
LOOPBACK = both(box("server", "m", ports={"80/tcp": ("127.0.0.1", 8090)}), client())
ADDRESSED = both(box("server", "m", ports={"80/tcp": ("192.0.2.10", 8090)}), client())
DEAD = both(box("server", "m", SLEEP, ports=PORT), client())
UDP = both(
    box("server", "m", SLEEP, ports={"80/udp": 8090}), service("server", "udp,0.0.0.0,80", where="server"), client()
)
BY_GATEWAY: dict[str, Any] = {"extra_hosts": {"host.docker.internal": "host-gateway"}}
NO_PROXY: dict[str, Any] = {"flags": ("--userland-proxy=false",)}
SERVICE: dict[str, Any] = {"answers": ("host",), "port": 7001}
INNER = network("inner", "10.44.0.0/24", internal=True)
ON_HOST = service("host", "tcp,0.0.0.0,7001,shared")

SITUATIONS = (
    works("own published port", box("server", "n", ports=PORT), source="server", **HOST),
    works("published port of a neighbour", both(box("server", "n", ports=PORT), client()), **HOST),
    works("published port of another network", OTHERS, **HOST),
    works("published port by the gateway", OTHERS, **GATEWAY),
    works("published port by docker0", OTHERS, **DOCKER0),
    works(
        "published port by host-gateway",
        both(box("server", "m", ports=PORT), client(**BY_GATEWAY)),
        target="host.docker.internal",
        port=8090,
    ),
    works("published port in host mode", both(box("server", "m", ports=PORT), client("host")), **HOST),
    works(
        "published port in host mode by loopback",
        both(box("server", "m", ports=PORT), client("host")),
        target="127.0.0.1",
        port=8090,
    ),
    works(
        "published on loopback, in host mode",
        both(box("server", "m", ports={"80/tcp": ("127.0.0.1", 8090)}), client("host")),
        target="127.0.0.1",
        port=8090,
    ),
    works("published on an address", ADDRESSED, **HOST),
    works("published UDP port by the gateway", UDP, protocol="udp", **GATEWAY),
    works("published UDP port", UDP, protocol="udp", engines=(SID,), **HOST),
    # docker-proxy answers from the gateway's address, which is not the one that was asked
    fails_unseen(
        "published UDP port, answered from another address",
        "dnat back listener",
        UDP,
        protocol="udp",
        engines=(BOOKWORM,),
        **HOST,
    ),
    works(
        "own published port without docker-proxy", box("server", "n", ports=PORT), source="server", **HOST, **NO_PROXY
    ),
    fails("published port of another network without docker-proxy", "filter", OTHERS, **HOST, **NO_PROXY),
    fails("published, nobody inside", "listener", DEAD, **HOST),
    fails("published, paused inside", "listener", OTHERS, command("pause", "server", "unpause"), **HOST),
    fails("published by a stopped container", "listener", OTHERS, command("kill", "server"), **HOST),
    fails("published on loopback", "listener", LOOPBACK, **HOST),
    fails("published on another address", "listener", ADDRESSED, **GATEWAY),
    fails("container's port in place of the published one", "listener", OTHERS, target="$host", port=80),
    fails("published TCP asked by UDP", "listener", OTHERS, protocol="udp", **HOST),
    fails(
        "published port dropped in INPUT",
        "filter",
        OTHERS,
        rules("-I INPUT -i br-n -p tcp --dport 8090 -j DROP"),
        **HOST,
    ),
    works("service of the host", both(client(), ON_HOST), target="$host", **SERVICE),
    works("service of the host by the gateway", both(client(), ON_HOST), target="10.42.0.1", **SERVICE),
    works(
        "service of the host by the word host", both(client(), ON_HOST), target="host", through="10.42.0.1", **SERVICE
    ),
    works(
        "service of a container in host mode",
        both(client(), box("hosted", "host", SLEEP), ON_HOST),
        target="$host",
        **SERVICE,
    ),
    works(
        "host's loopback in host mode",
        both(client("host"), service("host", "tcp,127.0.0.1,7001,shared")),
        target="127.0.0.1",
        **SERVICE,
    ),
    works(
        "internal network to the host",
        both(INNER, client("inner"), ON_HOST),
        target="$host",
        engines=(BOOKWORM,),
        **SERVICE,
    ),
    works("internal network to its gateway", both(INNER, client("inner"), ON_HOST), target="10.44.0.1", **SERVICE),
    fails(
        "internal network to the host's other address",
        "route",
        both(INNER, client("inner"), ON_HOST),
        target="$host",
        engines=NEWER,
        **SERVICE,
    ),
    fails(
        "service on the host's loopback",
        "listener",
        both(client(), service("host", "tcp,127.0.0.1,7001,shared")),
        target="$host",
        **SERVICE,
    ),
    fails(
        "service on the uplink's address, asked by the gateway",
        "listener",
        both(client(), service("host", "tcp,$host,7001,shared")),
        target="10.42.0.1",
        **SERVICE,
    ),
    fails("nothing listens on the host", "listener", client(), target="$host", **SERVICE),
    fails("nothing listens on the host in host mode", "listener", client("host"), target="127.0.0.1", **SERVICE),
)
