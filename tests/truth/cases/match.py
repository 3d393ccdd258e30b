"""Conditions that rules are written with, in front of a wrong DNAT or a DROP."""

from typing import Any

from tests.truth.case import Case
from tests.truth.plants import rules, saved
from tests.truth.rows import outage, unknown

KIND = "match not decoded"
NOWHERE = "-j DNAT --to-destination 10.42.0.200:80"
PREROUTING = "-t nat -I PREROUTING -p tcp"
TO_DOCKER0 = "-I FORWARD -o docker0"


def dnat(name: str, condition: str, **options: Any) -> Case:
    """A rule of iptables before Docker's that leads the port to an address that nobody has."""
    return outage(name, KIND, rules(f"{PREROUTING} {condition} {NOWHERE}"), "wrong_dnat", **options)


def drop(name: str, condition: str, **options: Any) -> Case:
    """A rule of iptables that drops what is forwarded to the container."""
    return outage(name, KIND, rules(f"{TO_DOCKER0} {condition} -j DROP"), "forward_drop", **options)


def drop_unknown(name: str, condition: str) -> Case:
    """The same with a condition that cannot be evaluated from outside."""
    return unknown(name, KIND, rules(f"{TO_DOCKER0} {condition} -j DROP"))


MARK = "-t mangle -I PREROUTING -p tcp --dport 8080 -j MARK --set-mark 7"

CASES = (
    dnat("dport", "--dport 8080"),
    dnat("multiport", "-m multiport --dports 80,8080"),
    dnat("multiport range", "-m multiport --dports 8000:8100"),
    dnat("multiport ports", "-m multiport --ports 8080"),
    dnat("dport range", "--dport 8000:8100"),
    dnat("not another port", "! --dport 22"),
    dnat("iprange", "-m iprange --src-range 192.0.2.0-192.0.2.255 --dport 8080"),
    dnat("iprange of the host", "-m iprange --dst-range 192.0.2.10-192.0.2.11 --dport 8080"),
    dnat("ctorigdstport", "-m conntrack --ctorigdstport 8080"),
    dnat("ctorigdst", "-m conntrack --ctorigdst 192.0.2.10 --dport 8080"),
    dnat("conntrack state", "-m conntrack --ctstate NEW --dport 8080"),
    dnat("the only uplink", "-i enp0s3 --dport 8080"),
    dnat("uplink by wildcard", "-i enp+ --dport 8080"),
    dnat("not the bridge", "! -i docker0 --dport 8080"),
    dnat("the host's own address", "-d 192.0.2.10 --dport 8080"),
    dnat("addrtype", "-m addrtype --dst-type LOCAL --dport 8080"),
    dnat("all but one client", "! -s 203.0.113.7 --dport 8080"),
    dnat("inverse multiport of the source", "--dport 8080:8080 -m multiport ! --sports 53"),
    dnat("comment", '-m comment --comment "old server" --dport 8080'),
    outage("mark", KIND, rules(MARK, f"{PREROUTING} -m mark --mark 7 {NOWHERE}"), "wrong_dnat"),
    outage(
        "connmark",
        KIND,
        rules(MARK.replace("MARK --set-mark", "CONNMARK --set-mark"), f"{PREROUTING} -m connmark --mark 7 {NOWHERE}"),
        "wrong_dnat",
    ),
    outage("redirect", KIND, rules(f"{PREROUTING} --dport 8080 -j REDIRECT --to-ports 9"), "wrong_dnat"),
    drop("drop by address", "-d 172.17.0.0/16"),
    drop("drop by multiport", "-p tcp -m multiport --dports 80,443"),
    drop("drop what is new", "-m conntrack --ctstate NEW"),
    drop("drop SYN", "-p tcp --syn"),
    drop("drop DNATed", "-m conntrack --ctstate DNAT"),
    drop("drop by iprange", "-m iprange --dst-range 172.17.0.1-172.17.0.200"),
    drop("drop all but one client", "! -s 203.0.113.7"),
    drop("drop all but ICMP", "! -p icmp"),
    drop("drop from the uplink", "-i enp0s3"),
    outage(
        "halves of all clients dropped",
        KIND,
        rules(f"{TO_DOCKER0} -s 0.0.0.0/1 -j DROP", f"{TO_DOCKER0} -s 128.0.0.0/1 -j DROP"),
        "forward_drop",
    ),
    outage(
        "own chain behind a condition",
        KIND,
        saved(
            "iptables -t nat -N away; iptables -t nat -A away -p tcp -j DNAT --to-destination 10.42.0.200:80\n"
            "iptables -t nat -I PREROUTING -p tcp -m multiport --dports 8080,8081 -g away"
        ),
        "wrong_dnat",
    ),
    outage("reject", KIND, rules(f"{TO_DOCKER0} -j REJECT"), "forward_drop"),
    drop_unknown("statistic", "-m statistic --mode random --probability 1.0"),
    drop_unknown("connlimit", "-p tcp -m connlimit --connlimit-above 0"),
    drop_unknown("u32", '-m u32 --u32 "6&0xFF=6"'),
    drop_unknown("length", "-m length --length 0:1500"),
    drop_unknown("ttl", "-m ttl --ttl-gt 1"),
    drop_unknown("time", "-m time --timestart 00:00:00 --timestop 23:59:59"),
    drop_unknown("tos", "-m tos --tos 0/0"),
    drop_unknown("pkttype", "-m pkttype --pkt-type unicast"),
)
