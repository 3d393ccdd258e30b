"""Routes of the host, and of the server for its answer."""

from typing import Any

from tests.truth.plants import both, shell, sysctl
from tests.truth.reach.changes import outside, within
from tests.truth.reach.planting import client, joined, network, pair
from tests.truth.reach.situation import fails, works

OUTSIDE: dict[str, Any] = {"target": "$outside", "port": 7000, "answers": ("outside",)}
FAR = "198.51.100.7"
FAR_AWAY: dict[str, Any] = {"target": FAR, "port": 7000, "answers": ("outside",)}
FAR_END = outside(f"ip address add {FAR}/32 dev outside", f"ip address del {FAR}/32 dev outside")
PAIR_OF_TWO = both(network("x", "10.50.0.0/24"), pair(), joined("server", "x"))
FORGED = (
    "ip address add 10.77.0.1/32 dev eth0; gateway=$$(ip route show default | cut -d' ' -f3); "
    "ip route change default via $$gateway src 10.77.0.1"
)


SITUATIONS = (
    works("forwarding off on one bridge", pair(), sysctl("net.ipv4.ip_forward", "0")),
    fails("forwarding off", "filter", client(), sysctl("net.ipv4.ip_forward", "0"), **OUTSIDE),
    fails(
        "forged source with rp_filter",
        "filter",
        client(),
        both(sysctl("net.ipv4.conf.all.rp_filter", "1"), within("client", FORGED)),
        **OUTSIDE,
    ),
    fails(
        "blackhole on the host",
        "filter route outside",
        client(),
        shell("ip route add blackhole $outside", "ip route del blackhole $outside"),
        **OUTSIDE,
    ),
    fails(
        "policy rule of the host",
        "filter route outside",
        client(),
        shell("ip rule add pref 90 from $client prohibit", "ip rule del pref 90"),
        **OUTSIDE,
    ),
    fails(
        "host without a default route",
        "filter route outside",
        both(FAR_END, client()),
        shell("ip route del default", "ip route add default via 192.0.2.1"),
        **FAR_AWAY,
    ),
    fails(
        "uplink down",
        "filter route outside",
        client(),
        shell("ip link set enp0s3 down", "ip link set enp0s3 up; ip route add default via 192.0.2.1"),
        **OUTSIDE,
    ),
    fails(
        "uplink without carrier",
        "outside",
        client(),
        outside("ip link set outside down", "ip link set outside up"),
        **OUTSIDE,
    ),
    fails(
        "rp_filter in the server",
        "back",
        PAIR_OF_TWO,
        within("server", "echo 1 >/proc/sys/net/ipv4/conf/all/rp_filter; ip route add $client dev eth1"),
    ),
    fails("way back blackholed", "back", pair(), within("server", "ip route add blackhole $client")),
    fails(
        "way back by a policy rule",
        "back",
        pair(),
        within("server", "ip route add unreachable default table 100; ip rule add pref 100 to 10.42.0.0/24 lookup 100"),
    ),
    fails(
        "server's address without its subnet",
        "back",
        pair(),
        within(
            "server", "ip route flush dev eth0; ip address del $server/24 dev eth0; ip address add $server/32 dev eth0"
        ),
    ),
)
