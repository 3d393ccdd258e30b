"""What listens at the other end, and states of the two containers."""

from typing import Any

from tests.truth.case import Plant
from tests.truth.plants import both
from tests.truth.reach.changes import command
from tests.truth.reach.planting import SLEEP, box, client, joined, network, pair
from tests.truth.reach.servers import FULL, service
from tests.truth.reach.situation import fails, works

IDLE = box("server", "n", SLEEP)
DUAL = network("dual", "10.66.0.0/24", "fd00:66::/64")
SIX: dict[str, Any] = {"target": "$server_dual_six"}
TWO = both(box("server", "n", SLEEP), joined("server", "m"), client(), joined("client", "m"))


def served(*claims: str, then: Plant | None = None) -> Plant:
    """A server that listens on these claims alone."""
    return both(IDLE, client(), service("server", *claims, where="server"), *([then] if then else []))


SITUATIONS = (
    works("UDP", served("udp,0.0.0.0,80"), protocol="udp"),
    works("UDP on both families", served("udp,::,80"), protocol="udp"),
    works("TCP and UDP on one port", served("tcp,::,80", "udp,::,80")),
    works("bound to its own address", served("tcp,$server,80")),
    works(
        "bound to the address that is asked",
        both(TWO, service("server", "tcp,$server_m,80", where="server")),
        target="$server_m",
    ),
    works(
        "served by a sharer of its namespace",
        both(IDLE, client(), box("sidecar", "container:server")),
        answers=("sidecar",),
    ),
    works(
        "loopback of a shared namespace",
        both(box("server"), box("client", "container:server", SLEEP)),
        target="127.0.0.1",
    ),
    works(
        "loopback of a shared namespace, bound to it alone",
        both(served("tcp,127.0.0.1,80"), box("sharer", "container:server", SLEEP)),
        source="sharer",
        target="127.0.0.1",
    ),
    works("IPv6 listener", both(DUAL, pair("dual")), **SIX),
    works("host mode to a container's address", both(box("server"), client("host")), target="$server"),
    fails("nothing listens", "listener", both(IDLE, client())),
    fails("listens on its loopback", "listener", served("tcp,127.0.0.1,80")),
    fails("listens on another port", "listener", served("tcp,0.0.0.0,8000")),
    fails("serves UDP instead", "listener", served("udp,0.0.0.0,80")),
    fails("serves TCP instead", "listener", served("tcp,0.0.0.0,80"), protocol="udp"),
    fails("UDP on its loopback", "listener", served("udp,127.0.0.1,80"), protocol="udp"),
    fails(
        "bound to the other address",
        "listener",
        both(TWO, service("server", "tcp,$server_n,80", where="server")),
        target="$server_m",
    ),
    fails(
        "IPv4 listener asked over IPv6",
        "listener",
        both(DUAL, box("server", "dual", SLEEP), client("dual"), service("server", "tcp,0.0.0.0,80", where="server")),
        **SIX,
    ),
    fails(
        "IPv6 listener asked over IPv4",
        "listener",
        both(DUAL, box("server", "dual", SLEEP), client("dual"), service("server", "tcp,::,80,v6only", where="server")),
        target="$server_dual",
    ),
    fails("its loopback is not the sharer's neighbour's", "listener", pair(), target="127.0.0.1"),
    fails(
        "queue full", "listener", both(IDLE, client(), service("server", "tcp,0.0.0.0,80", where="server", then=FULL))
    ),
    fails("server paused", "listener", pair(), command("pause", "server", "unpause")),
    fails("client paused", "container", pair(), command("pause", "client", "unpause")),
    fails("client stopped", "container", pair(), command("kill", "client")),
    fails("address of a stopped container", "link route", pair(), command("kill", "server"), target="$server"),
    fails("UDP, nothing listens", "listener", both(IDLE, client()), protocol="udp"),
)
