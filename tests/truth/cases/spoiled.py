"""Packets that rules write to, queues that filters choose, and what a port of the host meets behind its rules."""

from typing import Any

from tests.truth.case import Case, Plant
from tests.truth.plants import both, chain, forward, nft, shell, table
from tests.truth.probes import published
from tests.truth.reach.servers import service
from tests.truth.rows import ordinary, unknown

TREATED, PLACE, HOST_PORT = "treated packets", "place not walked", "port of the host"
FIREWALL, HABIT, HOST_HABIT = "firewall", "networks and routes", "host mode"
HTB = (
    "tc qdisc add dev enp0s3 root handle 1: htb default 10; tc class add dev enp0s3 parent 1: classid 1:10 htb "
    "rate 100mbit; tc class add dev enp0s3 parent 1: classid 1:20 htb rate {rate} burst 1600; "
    "tc filter add dev enp0s3 parent 1: protocol ip u32 match ip sport 8080 0xffff flowid 1:20"
)
EXPECTATION = "ct expectation e { protocol tcp; dport 9999; timeout 10m; size 12; l3proto ip; }"
BRIDGE_MARK = table("bridge t", chain("type filter hook input priority 0", "meta mark set 77"))
NEAR, INSIDE = "-s 192.0.2.0/24 -p tcp --dport 80", "answers inside"
ROUTE_CHAIN = "type route hook output priority -150"


def shaped(rate: str) -> Plant:
    """The answers of the published port in a class of their own."""
    return shell(HTB.format(rate=rate), "tc qdisc del dev enp0s3 root")


def of_host(row: Any, name: str, port: int, *plants: Plant) -> Case:
    """A row about a process of the host."""
    plant, probe = both(service("srv", f"tcp,0.0.0.0,{port},shared"), *plants), published(port, "srv")
    found: Case = row(
        name, HOST_PORT if row is unknown else HOST_HABIT, plant, asked=str(port), probe=probe, sound_before=False
    )
    return found


def inside(row: Any, name: str, do: str, undo: str) -> Case:
    """A row about web and what is planted in its namespace."""
    found: Case = row(name, INSIDE if row is unknown else HABIT, shell(do, undo, container="web"))
    return found


def policy(text: str) -> Plant:
    """An IPsec policy of the host."""
    return shell(f"ip xfrm policy add {text}", "ip xfrm policy flush")


def by_mark(port: int, mark: int) -> Plant:
    """Answers that a chain marks, and a policy rule for the mark."""
    marked = nft(table("ip t", chain(ROUTE_CHAIN, f"tcp sport {port} meta mark set 77")))
    return both(marked, shell(f"ip rule add pref 46 fwmark {mark} prohibit", "ip rule del pref 46"))


CASES = (
    unknown("nft window of 0", TREATED, nft(table("ip t", forward('oifname "docker0" tcp window set 0')))),
    unknown("nft protocol changed", TREATED, nft(table("ip t", forward('oifname "docker0" ip protocol set 17')))),
    ordinary(
        "nft DSCP and identification set", FIREWALL, nft(table("ip t", forward("ip dscp set cs1", "ip id set 0")))
    ),
    ordinary(
        "nft expectation for another port",
        FIREWALL,
        nft(
            table("ip t", EXPECTATION, forward('oifname "docker0" tcp dport 81 ct expectation set "e"')),
        ),
    ),
    unknown(
        "bridge family's mark that another chain drops",
        TREATED,
        nft(BRIDGE_MARK, table("ip u", forward("meta mark 77 drop"))),
    ),
    ordinary("bridge family's mark that nothing compares", FIREWALL, nft(BRIDGE_MARK)),
    inside(unknown, "neighbours of the host dropped inside", f"iptables -I INPUT {NEAR} -j DROP", "iptables -F INPUT"),
    inside(
        ordinary,
        "neighbours of the host alone accepted inside",
        f"iptables -I INPUT ! {NEAR} -j DROP",
        "iptables -F INPUT",
    ),
    inside(
        unknown,
        "IPsec inside for neighbours of the host",
        "ip xfrm policy add dir out src 0.0.0.0/0 dst 192.0.2.0/24 "
        "tmpl src $web dst 192.0.2.1 proto esp mode transport",
        "ip xfrm policy flush",
    ),
    unknown("class of 8 bit for the answers", PLACE, shaped("8bit")),
    ordinary("class of 10 Mbit for the answers", HABIT, shaped("10mbit")),
    of_host(
        unknown, "host's packets refused by IPsec", 8951, policy("dir in src 0.0.0.0/0 dst 192.0.2.10 action block")
    ),
    of_host(
        unknown, "host's answers refused by IPsec", 8952, policy("dir out src 192.0.2.10 dst 0.0.0.0/0 action block")
    ),
    of_host(
        ordinary,
        "host's IPsec tunnel to another site",
        8953,
        policy("dir out src 192.0.2.10 dst 10.200.0.0/16 tmpl src 192.0.2.10 dst 192.0.2.99 proto esp mode tunnel"),
    ),
    of_host(unknown, "host's answers marked, prohibited", 8954, by_mark(8954, 77)),
    of_host(ordinary, "host's answers marked, another mark prohibited", 8955, by_mark(8955, 78)),
)
