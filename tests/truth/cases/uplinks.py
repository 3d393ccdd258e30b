"""The device to the outside, and routes that VPN programs, clouds and hypervisors leave on a host."""

from tests.truth.case import Case
from tests.truth.plants import both, device, shell
from tests.truth.reach.changes import outside
from tests.truth.rows import ordinary, unknown

KIND, ROUTING, HABIT = "uplink", "routing", "networks and routes"
DUMMY, NO_DUMMY = device("dummy7"), "ip link del dummy7"
ADDRESS, DEFAULT = "192.0.2.10/24 dev enp0s3", "ip route replace default via 192.0.2.1"
TAILSCALE = (
    "ip rule add pref 5210 fwmark 0x80000/0xff0000 lookup main; "
    "ip rule add pref 5250 fwmark 0x80000/0xff0000 unreachable; ip rule add pref 5270 lookup 52"
)
NO_TAILSCALE = f"for p in 5210 5250 5270; do ip rule del pref $$p; done; ip route flush table 52; {NO_DUMMY}"


def habit(name: str, do: str, undo: str, *, sound_before: bool = True) -> Case:
    """Devices, routes and rules with which the published port works."""
    return ordinary(name, HABIT, shell(do, undo), sound_before=sound_before)


CASES = (
    unknown("uplink is down", KIND, shell("ip link set enp0s3 down", f"ip link set enp0s3 up; {DEFAULT}")),
    unknown("uplink without carrier", KIND, outside("ip link set outside down", "ip link set outside up")),
    unknown(
        "uplink without its address", KIND, shell(f"ip address del {ADDRESS}", f"ip address add {ADDRESS}; {DEFAULT}")
    ),
    unknown(
        "uplink without ARP",
        KIND,
        both(shell("ip link set enp0s3 arp off", "ip link set enp0s3 arp on"), outside("ip neigh flush all", ":")),
    ),
    unknown(
        "exit node of Tailscale without the host's network",
        ROUTING,
        shell(f"{DUMMY}; ip route add default dev dummy7 table 52; {TAILSCALE}", NO_TAILSCALE),
    ),
    unknown(
        "nexthop object that is a blackhole",
        ROUTING,
        shell(
            "ip nexthop add id 77 blackhole; ip route add 172.17.0.0/24 nhid 77",
            "ip route del 172.17.0.0/24; ip nexthop del id 77",
        ),
    ),
    unknown(
        "ARP dropped by nft of the host",
        "bridge not looked at",
        shell(
            "nft 'add table arp t; add chain arp t c { type filter hook input priority 0; policy drop; }'; "
            "ip neigh flush dev docker0",
            "nft delete table arp t",
        ),
        engines=("bookworm",),  # later ones make permanent neighbour entries
    ),
    unknown(
        "spanning tree with a forward delay",
        "bridge not looked at",
        shell(
            "ip link set docker0 type bridge stp_state 1 forward_delay 3000; "
            "ip link set $web_veth down; ip link set $web_veth up",
            "ip link set docker0 type bridge stp_state 0; bridge link set dev $web_veth state 3",
        ),
    ),
    habit(
        "Tailscale without an exit node",
        f"{DUMMY}; ip route add 100.64.0.0/10 dev dummy7 table 52; {TAILSCALE}",
        NO_TAILSCALE,
    ),
    habit(
        "exit node with throw routes",
        f"{DUMMY}; ip route add default dev dummy7 table 52; "
        "for net in 192.0.2.0/24 172.16.0.0/12 10.0.0.0/8; do ip route add throw $$net table 52; done; "
        "ip rule add pref 5270 lookup 52",
        f"ip rule del pref 5270; ip route flush table 52; {NO_DUMMY}",
    ),
    habit(
        "halves of OpenVPN",
        f"{DUMMY}; ip address add 10.8.0.2/24 dev dummy7; ip route add 0.0.0.0/1 dev dummy7; "
        "ip route add 128.0.0.0/1 dev dummy7",
        NO_DUMMY,
    ),
    habit(
        "default route of two next hops",
        "ip route replace default nexthop via 192.0.2.1 nexthop via 192.0.2.254",
        DEFAULT,
    ),
    habit("rule of VRF devices", "ip rule add l3mdev pref 1000", "ip rule del pref 1000"),
    habit(
        "local routes of a cloud's agent",
        "ip route add local 192.0.2.99/32 dev enp0s3 proto 66",
        "ip route del local 192.0.2.99/32 dev enp0s3 proto 66",
    ),
    habit(
        "tables of a cloud's second device",
        "ip route add default via 192.0.2.1 table 10001; ip route add 192.0.2.0/24 dev enp0s3 table 10001; "
        "ip rule add pref 10001 from 192.0.2.77 lookup 10001; ip rule add pref 10002 from 192.0.2.10 lookup 10001",
        "ip rule del pref 10001; ip rule del pref 10002; ip route flush table 10001",
    ),
    habit(
        "macvlan of the host's own",
        "ip link add link enp0s3 name shim type macvlan mode bridge; ip address add 192.0.2.33/32 dev shim; "
        "ip link set shim up; ip route add 192.0.2.64/27 dev shim",
        "ip link del shim",
    ),
    habit(
        "uplink is a port of a bridge",
        "ip link add br0 type bridge; ip link set enp0s3 master br0; "
        "ip address del 192.0.2.10/24 dev enp0s3; ip address add 192.0.2.10/24 dev br0; ip link set br0 up; " + DEFAULT,
        f"ip link set enp0s3 nomaster; ip link del br0; ip address add {ADDRESS}; {DEFAULT}",
        sound_before=False,
    ),
    habit(
        "bridge port isolated",
        "bridge link set dev $web_veth isolated on",
        "bridge link set dev $web_veth isolated off",
    ),
)
