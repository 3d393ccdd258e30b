"""Isolation of networks from each other, and the masquerade of the way out."""

from typing import Any

from tests.truth.case import Case
from tests.truth.plants import both, chain, nft, rules, saved, table
from tests.truth.probes import outward, unreached
from tests.truth.reach.changes import outside
from tests.truth.rows import ordinary, outage

ISOLATION, MASQUERADE = "isolation", "masquerade"
OPEN = unreached("db", "other")
POSTROUTING = "-t nat -I POSTROUTING -s 10.42.0.0/24"
# Docker 28 also drops in raw what enters a subnet by another device than its bridge.
RAW = "-t raw -I PREROUTING -i br-n -d 10.43.0.0/24 -j ACCEPT"
RAW_BACK = "-t raw -I PREROUTING -i br-m -d 10.42.0.0/24 -j ACCEPT"


def opened(name: str, *texts: str, **options: Any) -> Case:
    """Rules that let two networks reach each other."""
    return outage(name, ISOLATION, rules(*texts), "isolation_lost", asked="", probe=OPEN, **options)


def shut(name: str, *texts: str, **options: Any) -> Case:
    """Rules of the nat table that keep the packets of network n from being masqueraded."""
    probe = outward("db")
    return outage(name, MASQUERADE, rules(*texts), "missing_masquerade", asked="", probe=probe, **options)


def without_masquerade(name: str, replacement: str = "", **options: Any) -> Case:
    """The rule of network n deleted, and another one in its place."""
    find = "iptables -t nat -S POSTROUTING | grep '10.42.0.0/24.*MASQUERADE' | sed 's/^-A/iptables -w -t nat -D/' | sh"
    do = f"{find}\n{replacement and f'iptables -t nat {replacement}'}"
    probe = outward("db")
    return outage(name, MASQUERADE, saved(do), "missing_masquerade", asked="", probe=probe, **options)


CASES = (
    opened(
        "two networks opened in DOCKER-USER",
        "-I DOCKER-USER -i br-n -o br-m -j ACCEPT",
        "-I DOCKER-USER -i br-m -o br-n -j ACCEPT",
        RAW,
        RAW_BACK,
    ),
    opened(
        "two networks opened by subnets",
        "-I FORWARD -s 10.42.0.0/24 -d 10.43.0.0/24 -j ACCEPT",
        "-I FORWARD -s 10.43.0.0/24 -d 10.42.0.0/24 -j ACCEPT",
        RAW,
        RAW_BACK,
    ),
    opened(
        "all bridges opened to each other",
        "-I FORWARD -i br-+ -o br-+ -j ACCEPT",
        "-t raw -I PREROUTING -i br-+ -j ACCEPT",
    ),
    opened("everything forwarded", "-I FORWARD -j ACCEPT", "-t raw -I PREROUTING -j ACCEPT"),
    outage(
        "isolation chains flushed",
        ISOLATION,
        saved(
            "iptables -F DOCKER-ISOLATION-STAGE-1 || :; iptables -F DOCKER-ISOLATION-STAGE-2 || :; iptables -t raw -F\n"
            "iptables -P FORWARD ACCEPT; iptables -S DOCKER | grep -q -- '-j DROP' && iptables -F DOCKER || true"
        ),
        "isolation_lost",
        asked="",
        probe=OPEN,
    ),
    without_masquerade("masquerade deleted"),
    without_masquerade(
        "masquerade to a device that does not exist", "-A POSTROUTING -s 10.42.0.0/24 -o eth7 -j MASQUERADE"
    ),
    without_masquerade("masquerade of another subnet", "-A POSTROUTING -s 10.42.1.0/24 ! -o br-n -j MASQUERADE"),
    without_masquerade("masquerade of one protocol", "-A POSTROUTING -s 10.42.0.0/24 -p udp -j MASQUERADE"),
    without_masquerade("masquerade of one container", "-A POSTROUTING -s 10.42.0.200 ! -o br-n -j MASQUERADE"),
    shut("source NAT to an address that the host lacks", f"{POSTROUTING} -o enp0s3 -j SNAT --to-source 192.0.2.99"),
    ordinary(
        "source NAT to an address that is routed to the host",
        MASQUERADE,
        both(
            rules(f"{POSTROUTING} -o enp0s3 -j SNAT --to-source 203.0.113.9"),
            outside("ip route add 203.0.113.9 via 192.0.2.10", "ip route del 203.0.113.9"),
        ),
        asked="",
        probe=outward("db"),
    ),
    shut("accepted before the masquerade", f"{POSTROUTING} -j ACCEPT"),
    shut("returned before the masquerade", f"{POSTROUTING} -o enp0s3 -j RETURN"),
    outage(
        "source NAT in another table",
        MASQUERADE,
        nft(
            table(
                "ip t",
                chain("type nat hook postrouting priority 90", "ip saddr 10.42.0.0/24 snat to 203.0.113.9"),
            )
        ),
        "missing_masquerade",
        asked="",
        probe=outward("db"),
    ),
    outage(
        "way out dropped in filter",
        MASQUERADE,
        both(rules("-I FORWARD -i br-n ! -o br-n -j DROP")),
        "forward_drop",
        "missing_masquerade",
        "way_out_dropped",
        asked="",
        probe=outward("db"),
    ),
    outage(
        "nat table flushed",
        MASQUERADE,
        saved("iptables -t nat -F POSTROUTING"),
        "missing_masquerade",
        asked="",
        probe=outward("db"),
    ),
)
