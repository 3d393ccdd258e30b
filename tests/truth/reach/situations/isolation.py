"""What Docker itself keeps apart, by network, mode and version."""

from typing import Any

from tests.truth.case import Plant
from tests.truth.plants import both, chain, nft, rules, saved, shell, sysctl, table
from tests.truth.reach.changes import outside
from tests.truth.reach.planting import BRIDGE, SLEEP, box, client, joined, network, pair
from tests.truth.reach.situation import BOOKWORM, SID, TRIXIE, fails, fails_unseen, works, works_unseen

ACROSS: dict[str, Any] = {"target": "$server"}
OUTSIDE: dict[str, Any] = {"target": "$outside", "port": 7000, "answers": ("outside",)}
NO_ICC = both(network("noicc", "10.52.0.0/24", options={f"{BRIDGE}.enable_icc": "false"}), pair("noicc"))
BR_NETFILTER = "net.bridge.bridge-nf-call-iptables"
BY_BRIDGE = shell("ip link set br-noicc type bridge nf_call_iptables 1", "true")
DAEMON = ("--icc=false",)
LINKED = both(
    box("server", "bridge", ports={"80/tcp": 8090}), box("client", "bridge", SLEEP, links={"server": "thedb"})
)
PLAIN = both(network("plain", "10.53.0.0/24", options={f"{BRIDGE}.enable_ip_masquerade": "false"}), client("plain"))
ROUTED_BACK = both(PLAIN, outside("ip route add 10.53.0.0/24 via $host", "ip route del 10.53.0.0/24"))
SIX = both(network("six", "10.66.0.0/24", "fd00:66::/64"), network("seven", "10.67.0.0/24", "fd00:67::/64"))


def bridge_drops(kind: str) -> Plant:
    """A rule of the family bridge for a type of ICMPv6."""
    hook = chain("type filter hook forward priority 0", f"icmpv6 type {kind} drop")
    return nft(table("bridge guard", hook))


def bridge_policy(*accepted: str) -> Plant:
    """A chain of the family bridge that drops all but what these rules accept."""
    return nft(table("bridge guard", chain("type filter hook forward priority 0; policy drop", *accepted)))


def broken_arp(rule: str) -> Plant:
    """A rule of the family bridge, and neighbours that both forgot."""
    return both(nft(table("bridge guard", chain("type filter hook forward priority 0", rule))), FORGOTTEN_4)


def gateway_mode(mode: str, *plants: Plant) -> Plant:
    """Networks n and `special`, whose gateway mode for IPv4 is `mode`."""
    return both(network("special", "10.54.0.0/24", options={f"{BRIDGE}.gateway_mode_ipv4": mode}), *plants)


FORGOTTEN = both(
    *(shell("ip -6 neigh flush dev eth0; ip -6 neigh flush dev eth0", "true", name) for name in ("client", "server"))
)
FORGOTTEN_4 = both(
    *(shell("ip neigh flush dev eth0; ip neigh flush dev eth0", "true", name) for name in ("client", "server"))
)
SNAT = "-t nat -I POSTROUTING -s 10.42.0.0/24 -o enp0s3 -j SNAT --to-source"
SITUATIONS = (
    works("icc=false without br_netfilter", NO_ICC, sysctl(BR_NETFILTER, "0"), works_before=False),
    works(
        "IPv6 across networks without ip6tables",
        both(SIX, pair("six", server="seven")),
        target="$server_seven_six",
        engines=(BOOKWORM, TRIXIE),
    ),
    works("IPv6 on one network", both(SIX, pair("six")), target="$server_six_six"),
    works("the family bridge accepts IP and ARP alone", pair(), bridge_policy("meta protocol { ip, arp } accept")),
    fails_unseen(
        "the family bridge accepts IP alone",
        "filter",
        pair(),
        both(bridge_policy("meta protocol ip accept"), FORGOTTEN_4),
    ),
    fails_unseen("the family bridge drops ARP", "filter", pair(), broken_arp("meta protocol arp drop")),
    fails_unseen(
        "the family bridge drops requests of ARP", "filter", pair(), broken_arp("meta pkttype broadcast drop")
    ),
    works_unseen(
        "IPv6, and the family bridge drops pings",
        both(SIX, pair("six")),
        bridge_drops("echo-request"),
        target="$server_six_six",
    ),
    fails_unseen(
        "IPv6, and the family bridge drops the answers of neighbours",
        "filter",
        both(SIX, pair("six")),
        both(bridge_drops("nd-neighbor-advert"), FORGOTTEN),
        target="$server_six_six",
    ),
    works(
        "SNAT by hand in place of the masquerade",
        PLAIN,
        shell(
            "iptables -t nat -A POSTROUTING -s 10.53.0.0/24 -o enp0s3 -j SNAT --to-source $host",
            "iptables -t nat -D POSTROUTING -s 10.53.0.0/24 -o enp0s3 -j SNAT --to-source $host",
        ),
        works_before=False,
        **OUTSIDE,
    ),
    works_unseen(
        "source NAT to an address that is routed to the host",
        both(client(), outside("ip route add 203.0.113.9 via 192.0.2.10", "ip route del 203.0.113.9")),
        rules(f"{SNAT} 203.0.113.9"),
        **OUTSIDE,
    ),
    fails(
        "source NAT to an address of the uplink's network that the host lacks",
        "masquerade",
        client(),
        rules(f"{SNAT} 192.0.2.99"),
        **OUTSIDE,
    ),
    works_unseen("masquerade off, and a route back outside", ROUTED_BACK, engines=(BOOKWORM, TRIXIE), **OUTSIDE),
    # the raw table takes nothing for a container's address but from its bridge
    fails_unseen("masquerade off, and the answer dropped", "filter masquerade", ROUTED_BACK, engines=(SID,), **OUTSIDE),
    works(
        "isolated gateway mode on one network",
        both(
            network("iso", "10.55.0.0/24", internal=True, options={f"{BRIDGE}.gateway_mode_ipv4": "isolated"}),
            pair("iso"),
        ),
        engines=(SID,),
    ),
    works(
        "routed network, published port",
        gateway_mode("routed", box("server", "special", ports={"80/tcp": None}), client()),
        engines=(SID,),
        **ACROSS,
    ),
    fails("address across networks", "filter", pair(server="m"), **ACROSS),
    fails("address from the default bridge", "filter", pair("bridge", server="n"), **ACROSS),
    fails("address on the default bridge", "filter", pair("n", server="bridge"), **ACROSS),
    fails(
        "address across networks though a third is shared",
        "filter",
        both(pair(server="m"), joined("server", "n")),
        target="$server_m",
    ),
    fails("icc=false", "filter", NO_ICC),
    works("icc=false of the daemon, and a link", LINKED, target="thedb", flags=DAEMON),
    fails("icc=false of the daemon", "filter", pair("bridge"), flags=DAEMON, **ACROSS),
    works("icc=false of the daemon, on a network of its own", pair(), flags=DAEMON),
    fails(
        "icc=false by the bridge's own switch",
        "filter",
        NO_ICC,
        both(sysctl(BR_NETFILTER, "0"), BY_BRIDGE),
        works_before=False,
    ),
    fails(
        "IPv6 across networks",
        "filter",
        both(SIX, pair("six", server="seven")),
        target="$server_seven_six",
        engines=(SID,),
    ),
    fails(
        "unprotected network from another one",
        "filter",
        gateway_mode("nat-unprotected", pair("n", server="special")),
        engines=(SID,),
        **ACROSS,
    ),
    fails(
        "routed network, port not published",
        "filter",
        gateway_mode("routed", pair("n", server="special")),
        engines=(SID,),
        **ACROSS,
    ),
    fails_unseen("masquerade off", "masquerade", PLAIN, **OUTSIDE),
    fails("masquerade flushed", "masquerade", client(), saved("iptables -t nat -F POSTROUTING"), **OUTSIDE),
    fails(
        "masquerade deleted",
        "masquerade",
        client(),
        saved("iptables -t nat -D POSTROUTING -s 10.42.0.0/24 ! -o br-n -j MASQUERADE"),
        **OUTSIDE,
    ),
)
