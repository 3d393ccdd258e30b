"""Places of the packet's way that hold rules: tables, hooks, families, other programs of the kernel."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from tests.support.bpf_drop import TCX_INGRESS, XDP, Hook, dropping
from tests.truth.case import ANY, Case, Plant
from tests.truth.lab import Lab
from tests.truth.plants import both, chain, forward, nft, rules, shell, table
from tests.truth.rows import outage, unknown

KIND = "place not walked"


def iptables(name: str, *texts: str, **options: Any) -> Case:
    """Rules of iptables in any table."""
    return outage(name, KIND, rules(*texts), ANY, **options)


def base(name: str, family: str, declaration: str, rule: str, *finds: str, **options: Any) -> Case:
    """A base chain of nftables."""
    return outage(name, KIND, nft(table(f"{family} t", chain(declaration, rule))), *(finds or (ANY,)), **options)


def bpf(hook: Hook) -> Plant:
    """A BPF program at the uplink that drops what comes in."""

    @contextmanager
    def plant(lab: Lab) -> Iterator[None]:
        with ExitStack() as stack:
            with lab.host.netns():
                stack.enter_context(dropping("enp0s3", hook))
            yield

    return plant


SPEC = forward("ct state established,related accept", 'iifname { "docker0" } accept', policy="drop")
INGRESS = "type filter hook ingress device enp0s3 priority 0"
FORGOTTEN = shell("ip neigh flush all; ip neigh flush all", ":")  # what is not permanent

CASES = (
    iptables("raw prerouting", "-t raw -I PREROUTING -p tcp --dport 8080 -j DROP"),
    iptables("mangle prerouting", "-t mangle -I PREROUTING -p tcp --dport 8080 -j DROP"),
    iptables("mangle forward", "-t mangle -I FORWARD -o docker0 -j DROP"),
    iptables("mangle postrouting", "-t mangle -I POSTROUTING -o docker0 -j DROP"),
    iptables("security forward", "-t security -I FORWARD -o docker0 -j DROP"),
    iptables(
        "mark in mangle, drop in filter",
        "-t mangle -I PREROUTING -p tcp --dport 8080 -j MARK --set-mark 9",
        "-I FORWARD -m mark --mark 9 -j DROP",
    ),
    iptables("way back in filter", "-I FORWARD -i docker0 -o enp0s3 -j DROP"),
    iptables("way back in raw", "-t raw -I PREROUTING -i docker0 -j DROP"),
    iptables("way back in mangle", "-t mangle -I POSTROUTING -o enp0s3 -p tcp --sport 80 -j DROP"),
    outage("nft forward policy with exceptions", KIND, nft(table("inet fw", SPEC)), "forward_drop"),
    base("nft raw", "ip", "type filter hook prerouting priority -300", "tcp dport 8080 drop"),
    base("nft inet prerouting", "inet", "type filter hook prerouting priority -150", "tcp dport 8080 drop"),
    base("nft postrouting", "inet", "type filter hook postrouting priority 0", 'oifname "docker0" drop'),
    base("nft postrouting policy", "ip", "type filter hook postrouting priority 5; policy drop", 'oifname "lo" accept'),
    base("nft forward policy", "ip", "type filter hook forward priority -5; policy drop", "", "forward_drop"),
    base(
        "nft nat chain before Docker's",
        "ip",
        "type nat hook prerouting priority -110",
        "tcp dport 8080 dnat to 198.51.100.9:80",
        "wrong_dnat",
    ),
    base(
        "nft inet nat chain",
        "inet",
        "type nat hook prerouting priority -101",
        "tcp dport 8080 dnat ip to 198.51.100.9:80",
        "wrong_dnat",
    ),
    unknown("netdev ingress", KIND, nft(table("netdev t", chain(INGRESS, "tcp dport 8080 drop")))),
    unknown(
        "netdev ingress of the bridge",
        KIND,
        nft(table("netdev t", chain("type filter hook ingress device docker0 priority 0", "ip protocol tcp drop"))),
    ),
    unknown(
        "bridge output",
        KIND,
        nft(table("bridge t", chain("type filter hook output priority 0", "ip protocol tcp drop"))),
    ),
    unknown(
        "bridge input",
        KIND,
        nft(table("bridge t", chain("type filter hook input priority 0; policy drop"))),
    ),
    unknown(
        "bridge input that drops ARP",
        KIND,
        both(nft(table("bridge t", chain("type filter hook input priority 0", "meta protocol arp drop"))), FORGOTTEN),
    ),
    unknown(
        "bridge output that accepts IP alone",
        KIND,
        both(
            nft(table("bridge t", chain("type filter hook output priority 0; policy drop", "meta protocol ip accept"))),
            FORGOTTEN,
        ),
    ),
    unknown(
        "netdev ingress of the container's veth that drops ARP",
        KIND,
        both(
            nft(
                table(
                    "netdev t",
                    chain("type filter hook ingress device $web_veth priority 0", "meta protocol arp drop"),
                )
            ),
            FORGOTTEN,
        ),
    ),
    unknown(
        "netdev ingress of the uplink that drops ARP",
        KIND,
        both(nft(table("netdev t", chain(INGRESS, "meta protocol arp drop"))), FORGOTTEN),
    ),
    unknown("XDP on the uplink", KIND, bpf(XDP)),
    unknown("tcx on the uplink", KIND, bpf(TCX_INGRESS)),
    unknown(
        "netdev egress of the bridge",
        KIND,
        nft(table("netdev t", chain("type filter hook egress device docker0 priority 0", "ip protocol tcp drop"))),
    ),
    unknown(
        "tc queue of the bridge",
        KIND,
        shell("tc qdisc add dev docker0 root blackhole", "tc qdisc del dev docker0 root"),
    ),
    unknown(
        "tc queue of the container's veth",
        KIND,
        shell("tc qdisc add dev $web_veth root pfifo limit 0", "tc qdisc del dev $web_veth root"),
    ),
    unknown(
        "input inside the container",
        KIND,
        rules("-I INPUT -p tcp --dport 80 -j DROP", container="web"),
    ),
    unknown("output inside the container", KIND, rules("-I OUTPUT -p tcp --sport 80 -j DROP", container="web")),
    unknown(
        "nft inside the container",
        KIND,
        shell(
            "nft 'add table inet t; add chain inet t c { type filter hook input priority 0; policy drop; }'",
            "nft delete table inet t",
            container="web",
        ),
    ),
    unknown(
        "redirect inside the container to nobody",
        KIND,
        rules("-t nat -I PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 99", container="web"),
    ),
    outage(
        "docker-proxy's way in the input chain",
        KIND,
        both(
            rules("-t nat -I PREROUTING -p tcp --dport 8080 -j ACCEPT"),
            rules("-I INPUT -p tcp --dport 8080 -j DROP"),
        ),
    ),
)
