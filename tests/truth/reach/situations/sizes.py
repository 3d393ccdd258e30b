"""Packets that are too large for the way."""

from typing import Any

from tests.truth.plants import both, shell
from tests.truth.reach.changes import within
from tests.truth.reach.planting import SLEEP, box, client, network, pair
from tests.truth.reach.servers import service
from tests.truth.reach.situation import fails_unseen, works, works_unseen

OUTSIDE: dict[str, Any] = {"target": "$outside", "port": 7000, "answers": ("outside",)}
SMALL = network("small", "10.56.0.0/24", options={"com.docker.network.driver.mtu": "1400"})
BIG: dict[str, Any] = {"protocol": "udp", "size": 1450}
ECHO = both(box("server", "n", SLEEP), client(), service("server", "udp,0.0.0.0,80", where="server"))
LOWER = within("server", "ip link set eth0 mtu 1400")

SITUATIONS = (
    works("MTU of the network", both(SMALL, pair("small"))),
    works("large datagram", ECHO, **BIG),
    works(
        "MTU of the uplink is smaller",
        client(),
        shell("ip link set $uplink mtu 1300", "ip link set $uplink mtu 1500"),
        **OUTSIDE,
    ),
    works_unseen("MTU of the server is smaller", pair(), LOWER, steps=("mtu",)),
    fails_unseen("large datagram, MTU of the server is smaller", "mtu", ECHO, LOWER, **BIG),
    fails_unseen(
        "large datagram, MTU of the client's host end is smaller",
        "mtu",
        ECHO,
        shell("ip link set $client_veth mtu 1400", "ip link set br-n mtu 1500"),
        **BIG,
    ),
)
