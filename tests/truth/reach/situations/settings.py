"""Settings of bridges, of the kernel and of other tables than the filter's, made by hand or by other programs."""

from typing import Any

from tests.truth.case import Plant
from tests.truth.plants import both, chain, nft, rules, shell, sysctl, table
from tests.truth.reach.changes import ports_of, within
from tests.truth.reach.planting import SLEEP, box, client, network, pair
from tests.truth.reach.servers import service
from tests.truth.reach.situation import BOOKWORM, TRIXIE, fails, fails_unseen, works, works_unseen

OUTSIDE: dict[str, Any] = {"target": "$outside", "port": 7000, "answers": ("outside",)}
NEVER_BEFORE: dict[str, Any] = {"works_before": False}  # no neighbour entry of an earlier connection
X = network("x", "10.50.0.0/24")
PAIR = both(X, pair("x"))
ECHO = both(X, box("server", "x", SLEEP), client("x"), service("server", "udp,0.0.0.0,80", where="server"))
ON_HOST = both(client(), service("host", "tcp,0.0.0.0,7001,shared"))
MARKED = both(
    rules("-t mangle -A PREROUTING -i br-n -j MARK --set-mark 7"),
    shell("ip rule add pref 90 fwmark 7 blackhole", "ip rule del pref 90"),
)
STRANGER = "02:00:00:00:00:99"
BRIDGES_OWN = "$(cat /sys/class/net/br-x/address)"
TRACKING = "net.netfilter.nf_conntrack_"


def fixed(entry: str) -> Plant:
    """A fixed entry of the table of a bridge that is removed afterwards."""
    return shell(f"bridge fdb replace {entry}", "true")


SITUATIONS = (
    works("server's MAC address pinned at its port", PAIR, fixed("$server_x_mac dev $server_veth master static")),
    fails_unseen(
        "server's MAC address as one of the host",
        "link",
        PAIR,
        fixed("$server_x_mac dev $server_veth master permanent"),
    ),
    fails_unseen(
        "client's MAC address fixed at the bridge", "link", PAIR, fixed("$client_x_mac dev br-x self permanent")
    ),
    works_unseen(
        "the bridge's own MAC address fixed at a port, between neighbours",
        PAIR,
        fixed(f"{BRIDGES_OWN} dev $server_veth master static"),
    ),
    fails_unseen(
        "the bridge's own MAC address fixed at a port, to the outside",
        "link",
        both(X, client("x")),
        fixed(f"{BRIDGES_OWN} dev $client_veth master static"),
        **OUTSIDE,
    ),
    fails_unseen(
        "the bridge's own MAC address not in its table, to the host",
        "link",
        both(X, client("x"), service("host", "tcp,0.0.0.0,7001,shared")),
        shell(f"bridge fdb del {BRIDGES_OWN} dev br-x self", "true"),
        target="$host",
        port=7001,
        answers=("host",),
    ),
    fails_unseen(
        "tracking of TCP ends with the SYN, to the outside",
        "filter",
        client(),
        sysctl(f"{TRACKING}tcp_timeout_syn_sent", "0"),
        **OUTSIDE,
    ),
    works_unseen(
        "tracking of TCP ends with the SYN, between neighbours", PAIR, sysctl(f"{TRACKING}tcp_timeout_syn_sent", "0")
    ),
    works(
        "short timeouts of connections that end", client(), sysctl(f"{TRACKING}tcp_timeout_time_wait", "1"), **OUTSIDE
    ),
    works(
        "large datagram, MTU of the bridge is smaller",
        ECHO,
        shell("ip link set br-x mtu 1400", "true"),
        size=1450,
        protocol="udp",
    ),
    works(
        "MARK that no rule asks for", client(), rules("-t mangle -A PREROUTING -i br-n -j MARK --set-mark 7"), **OUTSIDE
    ),
    works(
        "arp_ignore of a load balancer in the server",
        PAIR,
        sysctl("net.ipv4.conf.all.arp_ignore", "1", "server"),
        **NEVER_BEFORE,
    ),
    works_unseen("NOTRACK on one bridge", PAIR, rules("-t raw -A PREROUTING -i br-x -j NOTRACK")),
    fails_unseen(
        "no broadcasts to the server's port",
        "link",
        PAIR,
        ports_of("server", settings="bcast_flood off"),
        engines=(BOOKWORM, TRIXIE),  # 28 makes the neighbour entries known
        **NEVER_BEFORE,
    ),
    fails_unseen(
        "ARP dropped by nft inside the server",
        "link inside",
        PAIR,
        within(
            "server", "nft add table arp t; nft add chain arp t c '{ type filter hook input priority 0; policy drop; }'"
        ),
        **NEVER_BEFORE,
    ),
    fails_unseen(
        "ARP dropped by nft of the host",
        "link",
        client(),
        nft(table("arp t", chain("type filter hook input priority 0; policy drop"))),
        **NEVER_BEFORE,
        **OUTSIDE,
    ),
    fails_unseen("MARK with a blackhole by policy", "filter route outside", client(), MARKED, **OUTSIDE),
    fails_unseen(
        "NOTRACK before the masquerade",
        "masquerade filter dnat",
        client(),
        rules("-t raw -A PREROUTING -i br-n -j NOTRACK"),
        **OUTSIDE,
    ),
    fails(
        "forwarding off on the client's bridge",
        "filter",
        client(),
        sysctl("net.ipv4.conf.br-n.forwarding", "0"),
        **OUTSIDE,
    ),
    fails(
        "host's permanent neighbour of the client is wrong",
        "link back",
        client(),
        shell(f"ip neigh replace $client lladdr {STRANGER} dev br-n nud permanent", "ip neigh del $client dev br-n"),
        **OUTSIDE,
    ),
    fails(
        "client's permanent neighbour of the gateway is wrong",
        "link",
        client(),
        within("client", f"ip neigh replace 10.42.0.1 lladdr {STRANGER} dev eth0 nud permanent"),
        **OUTSIDE,
    ),
    fails(
        "nft table of the host drops what comes by the bridge",
        "filter",
        ON_HOST,
        nft(
            table(
                "inet t",
                chain("type filter hook input priority 5; policy accept", 'iifname "br-n" tcp dport 7001 drop'),
            )
        ),
        target="$host",
        port=7001,
        answers=("host",),
    ),
)
