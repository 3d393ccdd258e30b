"""The way between two ports of a bridge, and of macvlan."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tests.support.bpf_drop import TCX_INGRESS, XDP, Hook, dropping
from tests.support.private_host.namespaces import netns
from tests.truth.case import Plant
from tests.truth.lab import Lab
from tests.truth.plants import both, shell
from tests.truth.reach.changes import ports_of, within
from tests.truth.reach.planting import box, client, joined, network, pair
from tests.truth.reach.servers import service
from tests.truth.reach.situation import fails, fails_unseen, works

X = network("x", "10.50.0.0/24")
PAIR = both(X, pair("x"))
LAN = network(
    "lan",
    {"subnet": "192.0.2.0/24", "gateway": "192.0.2.1", "iprange": "192.0.2.64/27"},
    driver="macvlan",
    options={"parent": "enp0s3"},
)
SHAPING = "tc qdisc replace dev $server_veth root tbf rate 8bit burst 50 limit 50"
MAC = "02:42:0a:00:00:01"
SAME_MAC = both(X, box("server", "x", mac_address=MAC), client("x", mac_address=MAC))


def host(do: str) -> Plant:
    """Shell commands about devices that are removed afterwards."""
    return shell(do, "true")


def bpf(hook: Hook, device: str = "$client_veth", container: str = "") -> Plant:
    """A program that drops what a device of the host, or of a container, receives."""

    @contextmanager
    def plant(lab: Lab) -> Iterator[None]:
        name = lab.text(device)
        with ExitStack() as attached:
            with netns(lab.pid(container) if container else lab.host.pid):
                attached.enter_context(dropping(name, hook))
            yield

    return plant


SITUATIONS = (
    works("one of two ports isolated", PAIR, ports_of("server", settings="isolated on")),
    works(
        "right permanent neighbour",
        PAIR,
        within("client", "ip neigh replace $server lladdr $server_x_mac dev eth0 nud permanent"),
    ),
    works("macvlan to the outside", both(LAN, client("lan")), target="$outside", port=7000, answers=("outside",)),
    works("macvlan to its neighbour", both(LAN, pair("lan"))),
    works("default bridge by address", pair("bridge"), target="$server"),
    works("internal network", both(network("inner", "10.44.0.0/24", internal=True), pair("inner"))),
    works("second network by address", both(pair(), joined("client", "m"), joined("server", "m")), target="$server_m"),
    fails("server's host end off the bridge", "link", PAIR, host("ip link set $server_veth nomaster")),
    fails("client's host end off the bridge", "link", PAIR, host("ip link set $client_veth nomaster")),
    fails("server's host end on another bridge", "link", PAIR, host("ip link set $server_veth master br-m")),
    fails("client's host end down", "link", PAIR, host("ip link set $client_veth down")),
    fails("server's host end down", "link", PAIR, host("ip link set $server_veth down")),
    fails("server's address flushed", "link", PAIR, within("server", "ip address flush dev eth0")),
    fails(
        "server has another address",
        "link",
        PAIR,
        within("server", "ip address flush dev eth0; ip address add 10.50.0.99/24 dev eth0"),
    ),
    fails("server's eth0 down", "link", PAIR, within("server", "ip link set eth0 down")),
    fails("bridge down", "link", PAIR, host("ip link set br-x down")),
    fails("both ports isolated", "link", PAIR, ports_of("client", "server", settings="isolated on")),
    fails("port disabled", "link", PAIR, ports_of("server", settings="state 0")),
    fails(
        "wrong permanent neighbour",
        "link",
        PAIR,
        within("client", "ip neigh replace $server lladdr 02:00:00:00:00:99 dev eth0 nud permanent"),
    ),
    fails(
        "wrong permanent neighbour in the server",
        "link back",
        PAIR,
        within("server", "ip neigh replace $client lladdr 02:00:00:00:00:99 dev eth0 nud permanent"),
    ),
    fails_unseen("one MAC address for both", "link", SAME_MAC),
    fails_unseen("ARP switched off in the server", "link", PAIR, within("server", "ip link set eth0 arp off")),
    fails_unseen("XDP drops at the client's host end", "link filter", PAIR, bpf(XDP)),
    fails_unseen("BPF drops at the client's host end", "link filter", PAIR, bpf(TCX_INGRESS)),
    fails_unseen("shaping that lets no packet of this size through", "link filter", PAIR, host(SHAPING)),
    fails_unseen("BPF drops inside the server", "inside link", PAIR, bpf(TCX_INGRESS, "eth0", "server")),
    fails_unseen("XDP drops inside the server", "inside link", PAIR, bpf(XDP, "eth0", "server")),
    fails(
        "macvlan to its host",
        "link",
        both(LAN, client("lan"), service("server", "tcp,0.0.0.0,7001,shared")),
        target="$host",
        port=7001,
    ),
    fails_unseen(
        "macvlan to a bridge network",
        "link route outside",
        both(LAN, client("lan"), box("server")),
        target="$server",
    ),
)
