"""The walk of real rules, with a real connection as the judge."""

import pytest

from tests.support.kernel.walk_lab import Lab, arrives

pytestmark = pytest.mark.live


def table(*blocks: str, family: str = "ip") -> str:
    """A table of somebody else's."""
    return "\n".join((f"table {family} t {{", *blocks, "}\n"))


def block(name: str, *lines: str) -> str:
    """A chain, a set or a map."""
    return "\n".join((f"{name} {{", *lines, "}"))


def chain(hook: str, *lines: str, family: str = "ip", kind: str = "filter", priority: int = 0) -> str:
    """A table with one base chain."""
    return table(base(hook, *lines, kind=kind, priority=priority), family=family)


def base(hook: str, *lines: str, name: str = "c", kind: str = "filter", priority: int = 0) -> str:
    """A base chain."""
    return block(f"chain {name}", f"type {kind} hook {hook} priority {priority};", *lines)


DNAT = "dnat to 198.51.100.9:80"
PORTS = "-p tcp -m multiport --dports 80,8080"
# What is dead, and the walk says so: the table and the chain that it names.
DEAD = {
    "multiport DNAT": (f"iptables -t nat -I PREROUTING {PORTS} -j DNAT --to-destination 198.51.100.9:80", "PREROUTING"),
    "anonymous set": (chain("prerouting", f"tcp dport {{ 80, 8080 }} {DNAT}", kind="nat", priority=-110), "c"),
    "named set": (
        table(
            block("set s", "type inet_service;", "elements = { 8080 }"),
            base("prerouting", f"tcp dport @s {DNAT}", kind="nat", priority=-110),
        ),
        "c",
    ),
    "equal priority, registered last": (chain("prerouting", f"tcp dport 8080 {DNAT}", kind="nat", priority=-100), "c"),
    "interval set": (chain("prerouting", f"tcp dport {{ 8000-8100, 9000 }} {DNAT}", kind="nat", priority=-110), "c"),
    "data map": (
        table(
            block("map m", "type inet_service : ipv4_addr;", "elements = { 8080 : 198.51.100.9 }"),
            base("prerouting", "dnat to tcp dport map @m", kind="nat", priority=-110),
        ),
        "c",
    ),
    "data map with ports": (
        table(
            block("map m", "type inet_service : ipv4_addr . inet_service;", "elements = { 8080 : 198.51.100.9 . 80 }"),
            base("prerouting", "dnat ip to tcp dport map @m", kind="nat", priority=-110),
        ),
        "c",
    ),
    "verdict map": (chain("forward", "tcp dport vmap { 80 : drop, 443 : accept }"), "c"),
    "verdict map of states": (chain("forward", "ct state vmap { new : drop, established : accept }"), "c"),
    "concatenation": (chain("forward", "ip daddr . tcp dport { 172.17.0.2 . 80 } drop"), "c"),
    "by the uplink's name": (
        "iptables -t nat -I PREROUTING -i eth0 -p tcp --dport 8080 -j DNAT --to-destination 198.51.100.9:80",
        "PREROUTING",
    ),
    "by the uplink's beginning": ("iptables -I FORWARD -i eth+ -o docker0 -j DROP", "FORWARD"),
    "by the uplink's index": (chain("forward", "iif eth0 oif docker0 drop"), "c"),
    "by the bridge's group": (
        "ip link set docker0 group 7; iptables -I FORWARD -m devgroup --dst-group 7 -j DROP",
        "FORWARD",
    ),
    "by the uplink's group, inverted": ("iptables -I FORWARD -m devgroup ! --src-group 7 -j DROP", "FORWARD"),
    "by a group by nft": (chain("forward", "iifgroup 0 oifgroup { 0, 9 } drop"), "c"),
    "by the host's address": (
        "iptables -t nat -I PREROUTING -d 192.0.2.10 -p tcp --dport 8080 -j DNAT --to-destination 198.51.100.9:80",
        "PREROUTING",
    ),
    "raw": ("iptables -t raw -I PREROUTING -p tcp --dport 8080 -j DROP", "PREROUTING"),
    "mangle before the routing": ("iptables -t mangle -I PREROUTING -p tcp --dport 8080 -j DROP", "PREROUTING"),
    "mangle behind it": ("iptables -t mangle -I POSTROUTING -o docker0 -p tcp --dport 80 -j DROP", "POSTROUTING"),
    "legacy mangle": ("iptables-legacy -t mangle -I PREROUTING -p tcp --dport 8080 -j DROP", "PREROUTING"),
    "legacy raw": ("iptables-legacy -t raw -I PREROUTING -p tcp --dport 8080 -j DROP", "PREROUTING"),
    "legacy security": ("iptables-legacy -t security -I FORWARD -p tcp --dport 80 -j DROP", "FORWARD"),
    "a mark that is dropped later": (
        (
            "iptables -t mangle -I PREROUTING -p tcp --dport 8080 -j MARK --set-mark 0x10/0x10; "
            "iptables -I FORWARD -m mark --mark 0x10/0x10 -j DROP"
        ),
        "FORWARD",
    ),
    "a mark of the connection": (
        (
            "iptables -t mangle -I PREROUTING -p tcp --dport 8080 -j CONNMARK --set-mark 7; "
            "iptables -I FORWARD -m connmark --mark 7 -j DROP"
        ),
        "FORWARD",
    ),
    "a saved and restored mark": (
        (
            "iptables -t mangle -I PREROUTING -p tcp --dport 8080 -j MARK --set-mark 3; "
            "iptables -t mangle -A PREROUTING -m mark --mark 3 -j CONNMARK --save-mark; "
            "iptables -t mangle -A PREROUTING -i docker0 -j CONNMARK --restore-mark; "
            "iptables -I FORWARD -i docker0 -m mark --mark 3 -j DROP"
        ),
        "FORWARD",
    ),
    "a mark by nft": (
        table(
            base("prerouting", "tcp dport 8080 meta mark set 5", name="a", priority=-150),
            base("forward", "meta mark 5 drop", priority=10),
        ),
        "c",
    ),
    "a mark of the connection by nft": (
        table(
            base("prerouting", "tcp dport 8080 ct mark set 5", name="a", priority=-150),
            base("forward", "ct mark & 0xf == 5 drop", priority=10),
        ),
        "c",
    ),
    "the original port": ("iptables -I FORWARD -p tcp -m conntrack --ctorigdstport 8080 -j DROP", "FORWARD"),
    "the original address": ("iptables -I FORWARD -m conntrack --ctorigdst 192.0.2.10 -j DROP", "FORWARD"),
    "the original port by nft": (chain("forward", "meta l4proto tcp ct original proto-dst 8080 drop"), "c"),
    "a range of addresses": (
        "iptables -I FORWARD -m iprange --dst-range 172.17.0.1-172.17.0.9 -o docker0 -j DROP",
        "FORWARD",
    ),
    "flags of tcp": ("iptables -I FORWARD -o docker0 -p tcp --syn -j DROP", "FORWARD"),
    "another table's nat": (chain("prerouting", f"tcp dport 8080 {DNAT}", kind="nat", priority=-110), "c"),
    "another table's nat of inet": (
        chain("prerouting", "tcp dport 8080 dnat ip to 198.51.100.9:80", family="inet", kind="nat", priority=-110),
        "c",
    ),
    "another table's policy": (
        chain(
            "forward",
            'policy drop; ct state established,related accept; iifname { "docker0" } accept',
            family="inet",
            priority=10,
        ),
        "c",
    ),
    "inet with a family": (chain("forward", "meta nfproto ipv4 tcp dport 80 drop", family="inet"), "c"),
    "inet with an address": (chain("forward", "ip daddr 172.17.0.2 drop", family="inet"), "c"),
    "answers dropped": (chain("forward", 'iifname "docker0" tcp sport 80 drop'), "c"),
    "answers dropped before the routing": ("iptables -t raw -I PREROUTING -i docker0 -j DROP", "PREROUTING"),
    "redirect": (
        "iptables -t nat -I PREROUTING -p tcp --dport 8080 -j REDIRECT --to-ports 8081",
        "PREROUTING",
    ),
    "rejected by an operator": ("iptables -I DOCKER-USER -o docker0 -j REJECT", "DOCKER-USER"),
    "a jump and a goto": (
        (
            "iptables -N MINE; iptables -N LAST; iptables -I FORWARD -o docker0 -j MINE; iptables -A MINE -g LAST; "
            "iptables -A LAST -p tcp --dport 80 -j DROP"
        ),
        "LAST",
    ),
    "a return before Docker's jump": ("iptables -t nat -I PREROUTING -j RETURN", ""),
    "an accept before Docker's jump": ("iptables -t nat -I PREROUTING -j ACCEPT", ""),
    "not tracked": ("iptables -t raw -I PREROUTING -p tcp --dport 8080 -j NOTRACK", ""),
    "not tracked by nft": (chain("prerouting", "tcp dport 8080 notrack", priority=-300), ""),
    "no jump": ("iptables -t nat -F PREROUTING", ""),
    "the reverse path": (
        chain("prerouting", "fib saddr . iif oif missing accept; tcp dport 8080 drop", priority=-310),
        "c",
    ),
    "everybody": (chain("forward", "ip saddr { 0.0.0.0/1, 128.0.0.0/1 } oifname docker0 drop"), "c"),
}
# What works, and the walk says so for certain.
ALIVE = {
    "Docker alone": "true",
    "nat behind Docker's": chain("prerouting", f"tcp dport 8080 {DNAT}", kind="nat", priority=-90),
    "another port": chain("forward", "tcp dport { 443, 8443 } drop"),
    "another container": chain("forward", "ip daddr 172.17.0.3 drop"),
    "another device": "iptables -I FORWARD -i docker0 -o docker0 -j DROP",
    "another group of devices": "iptables -I FORWARD -m devgroup --src-group 7 -j DROP",
    "no such device": "iptables -I FORWARD -i eth7 -j DROP",
    "another address of nobody": "iptables -t nat -I PREROUTING -d 192.0.2.11 -p tcp -j DNAT --to 198.51.100.9",
    "a vendor's chains": (
        "iptables -t nat -N VENDOR; iptables -t nat -F PREROUTING; iptables -t nat -A PREROUTING -j VENDOR; "
        "iptables -t nat -A VENDOR -m addrtype --dst-type LOCAL -j DOCKER"
    ),
    "states as people write them": chain("forward", "ct state invalid drop; ct state established,related accept"),
    "limits on a log": "iptables -I FORWARD -m limit --limit 1/s -j LOG",
    "a mark that nobody sets": "iptables -I FORWARD -m mark --mark 9 -j DROP",
    "new without syn": "iptables -I FORWARD -p tcp ! --syn -m conntrack --ctstate NEW -j DROP",
    "broadcasts": chain("prerouting", "meta pkttype { broadcast, multicast } drop"),
    "the reverse path": "iptables -t raw -I PREROUTING -m rpfilter --invert -j DROP",
    "the reverse path by nft": chain("prerouting", "fib saddr . iif oif missing drop", family="inet"),
    "a firewall for the host": chain("input", "policy drop; tcp dport 22 accept"),
    "what was translated": chain("forward", "policy drop; ct status dnat accept; ct state established accept"),
    "a named verdict map": table(
        block("chain n", "drop"),
        block("map z", "type ifname : verdict;", "elements = { lo : jump n, eth1 : jump n }"),
        base("forward", "iifname vmap @z"),
        family="inet",
    ),
    "redirect of another port": "iptables -t nat -I PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 8081",
    "the same destination twice": "iptables -t nat -I PREROUTING -p tcp --dport 8080 -j DNAT --to 172.17.0.2:80",
    "the wildcard of all devices": "iptables -I FORWARD ! -i + -j DROP",
    "empty chains": chain("forward", ""),
}
# What is open: unknown, or different between clients; never ok.
OPEN = {
    "a limit": "iptables -I FORWARD -m limit --limit 1000/s --limit-burst 1000 -o docker0 -j DROP",
    "a limit by nft": chain("forward", "limit rate over 1000/second drop"),
    "a string": "iptables -I FORWARD -m statistic --mode random --probability 0.5 -j DROP",
    "u32": "iptables -I FORWARD -m u32 --u32 '6&0xFF=6' -o docker0 -j DROP",
    "a translation with a condition": (
        "iptables -t nat -I PREROUTING -p tcp --dport 8080 -m time --timestart 00:00 -j DNAT --to 198.51.100.9:80"
    ),
    "one of several addresses": (
        "iptables -t nat -I PREROUTING -p tcp --dport 8080 -j DNAT --to-destination 172.17.0.2-172.17.0.9:80"
    ),
    "a packet that is written to": chain("prerouting", "tcp dport 8080 tcp dport set 81", priority=-310),
    "a bridge's chain": chain("output", "policy drop;", family="bridge"),
    "a bridge's rule": chain("postrouting", "tcp dport 80 drop", family="bridge"),
    "netdev": chain("ingress device eth0", "tcp dport 8080 drop", family="netdev"),
    "a set that packets change": table(
        block("set s", "type ipv4_addr;", "flags dynamic;", "size 99;"),
        base("forward", "add @s { ip saddr }", "ip saddr @s drop"),
    ),
    "a quota": chain("forward", "quota over 1 bytes drop"),
    "some clients": "iptables -I FORWARD -s 192.0.2.0/24 -j DROP",
    "tproxy": chain("prerouting", "tcp dport 8080 tproxy to :8081 accept", priority=-150),
}


@pytest.mark.parametrize("name", DEAD)
def test_what_is_dead_is_never_said_to_arrive_and_the_chain_is_named(host: Lab, name: str) -> None:
    rules, chain_name = DEAD[name]
    host.with_rules(rules)
    assert not host.connects()
    for exact in (True, False):
        way = host.way_in(exact=exact)
        assert not way.unclear
        assert not way.partial
        assert not arrives(way)
        deciding = [d for part in way.parts for d in (part.decision, *part.translations[:1]) if d is not None]
        assert chain_name in ("", *(decision.place[2] for decision in deciding))


@pytest.mark.parametrize("name", ALIVE)
def test_what_works_is_said_to_arrive(host: Lab, name: str) -> None:
    host.with_rules(ALIVE[name])
    assert host.connects()
    for exact in (True, False):
        way = host.way_in(exact=exact)
        assert arrives(way)
        assert not way.unclear
        assert not way.partial


@pytest.mark.parametrize("name", OPEN)
def test_what_is_open_is_named(host: Lab, name: str) -> None:
    way = host.with_rules(OPEN[name]).way_in()
    assert way.unclear or way.partial
