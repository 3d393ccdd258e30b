"""What people and programs change in containers by hand: processes, devices, addresses, IPsec; flags of the daemon."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.truth.case import Plant
from tests.truth.lab import Lab
from tests.truth.plants import both, device, sysctl
from tests.truth.reach.changes import ports_of, within, written
from tests.truth.reach.planting import SLEEP, box, client, network, pair
from tests.truth.reach.servers import service
from tests.truth.reach.situation import BOOKWORM, NEWER, TRIXIE, fails, fails_unseen, works, works_unseen

OUTSIDE: dict[str, Any] = {"target": "$outside", "port": 7000, "answers": ("outside",)}
NEVER_BEFORE: dict[str, Any] = {"works_before": False}
X = network("x", "10.50.0.0/24")
PAIR = both(X, pair("x"))
DUAL = both(network("dual", "10.66.0.0/24", "fd00:66::/64"), pair("dual"))
SIX: dict[str, Any] = {"target": "$server_dual_six", "engines": NEWER}
UDP = both(box("server", "n", SLEEP), client(), service("datagrams", "udp,0.0.0.0,80", where="server"))
HALVES = "ip route add 0.0.0.0/1 dev wg0; ip route add 128.0.0.0/1 dev wg0"
VPN = f"{device('wg0')}; ip address add 10.9.0.2/32 dev wg0; {HALVES}"
RENAME = "ip link set eth0 down; ip link set eth0 name lan0; ip link set lan0 up; ip route add default via 10.42.0.1"
DUPLICATE = both(
    within("other_one", "ip address add $server_dual_six/64 dev eth0 nodad"),
    within("server", "ip address del $server_dual_six/64 dev eth0; ip address add $server_dual_six/64 dev eth0"),
)


def stopped(find: str) -> Plant:
    """SIGSTOP for the processes that a command finds in the host; $pid is the server's first one."""

    @contextmanager
    def plant(lab: Lab) -> Iterator[None]:
        pids = lab.sh(find.replace("$pid", str(lab.pid("server")))).split()
        lab.sh(f"kill -STOP {' '.join(pids)}")
        try:
            yield
        finally:
            lab.sh(f"kill -CONT {' '.join(pids)}")

    return plant


@contextmanager
def pipework(lab: Lab) -> Iterator[None]:
    """A veth pair by hand for a container without a network."""
    lab.sh(f"ip link add pw0 type veth peer name eth0 netns {lab.pid('client')}; ip link set pw0 master br-n up")
    up = "ip address add 10.42.0.200/24 dev eth0; ip link set eth0 up; ip route add default via 10.42.0.1"
    lab.sh(up, container="client")
    yield


SITUATIONS = (
    works(
        "veth by hand for a container without a network",
        both(box("server"), client("none"), pipework),
        target="$server",
    ),
    works("second IPv4 address by hand", pair(), within("client", "ip address add 10.42.0.222/24 dev eth0")),
    works(
        "eth0 renamed",
        pair(),
        within("client", RENAME),
    ),
    works("its own name", box("server"), source="server"),
    works("name with a trailing dot", pair(), target="server."),
    works("name with a dot", both(box("api.internal"), client()), target="api.internal", answers=("api.internal",)),
    works_unseen("name with an underscore", both(box("my_db"), client()), target="my_db", answers=("my_db",)),
    works("policy rule for another user", pair(), within("client", "ip rule add pref 90 uidrange 1000-1000 blackhole")),
    fails("server's process stopped", "listener", pair(), stopped("echo $pid")),
    fails(
        "UDP server's process stopped",
        "listener",
        UDP,
        stopped("pgrep -x datagrams"),
        protocol="udp",
        answers=("datagrams",),
    ),
    fails_unseen(
        "bridge port locked",
        "link",
        PAIR,
        ports_of("client", settings="locked on learning off"),
        engines=(BOOKWORM, TRIXIE),  # 28 makes the entries of the bridge fixed
        **NEVER_BEFORE,
    ),
    fails_unseen(
        "IPsec policy of the client",
        "inside",
        pair(),
        within("client", "ip xfrm policy add dir out dst $server/32 action block"),
        target="$server",
    ),
    fails_unseen(
        "IPsec policy of the server",
        "inside",
        pair(),
        within("server", "ip xfrm policy add dir in src $client/32 action block"),
        target="$server",
    ),
    fails_unseen("VPN inside the client", "link route", client(), within("client", VPN), **OUTSIDE),
    fails(
        "source address of another network",
        "back",
        pair(),
        within("client", "ip address add 10.99.0.2/32 dev lo; ip route replace 10.42.0.0/24 dev eth0 src 10.99.0.2"),
        target="$server",
    ),
    fails(
        "client has the server's address",
        "listener",
        pair(),
        within("client", "ip address add $server/32 dev lo"),
        target="$server",
    ),
    fails_unseen(
        "route of the server's address by the loopback",
        "link",
        pair(),
        within("client", "ip route add $server/32 dev lo"),
        target="$server",
    ),
    fails(
        "veth by hand and another network",
        "filter",
        both(box("server", "m"), client("none"), pipework),
        target="$server",
    ),
    fails(
        "hidden by a line of IPv6",
        "name",
        both(pair(), written("client", "/etc/hosts", "fd00::99 server\n", append=True)),
        **NEVER_BEFORE,
    ),
    fails(
        "localhost is IPv6 alone",
        "route listener",
        both(
            client(),
            service("client", "tcp,0.0.0.0,80", where="client"),
            written("client", "/etc/hosts", "::1 localhost\n"),
        ),
        target="localhost",
        answers=("client",),
        **NEVER_BEFORE,
    ),
    fails(
        "daemon whose default gateway is another container",
        "link",
        client("bridge"),
        flags=("--default-gateway=172.17.0.77",),
        **OUTSIDE,
    ),
    fails_unseen("daemon without masquerade", "masquerade", client("bridge"), flags=("--ip-masq=false",), **OUTSIDE),
    fails_unseen("daemon without iptables", "masquerade", client("bridge"), flags=("--iptables=false",), **OUTSIDE),
    fails(
        "address that failed duplicate address detection",
        "link",
        both(DUAL, box("other_one", "dual", SLEEP)),
        DUPLICATE,
        **SIX,
    ),
    fails_unseen(
        "ICMPv6 dropped inside the server",
        "inside link",
        DUAL,
        within("server", "ip6tables -A INPUT -p icmpv6 -j DROP"),
        **NEVER_BEFORE,
        **SIX,
    ),
    fails_unseen(
        "ICMPv6 dropped inside the client",
        "inside link",
        DUAL,
        within("client", "ip6tables -A INPUT -p icmpv6 -j DROP"),
        **NEVER_BEFORE,
        **SIX,
    ),
    fails(
        "IPv6 switched off inside the server",
        "link",
        DUAL,
        sysctl("net.ipv6.conf.eth0.disable_ipv6", "1", "server"),
        **SIX,
    ),
)
