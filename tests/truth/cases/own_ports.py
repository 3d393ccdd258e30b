"""Ports that processes of the host serve: addresses that clients outside do not reach, and routes of the answers."""

from typing import Any

from tests.truth.case import Case, Plant
from tests.truth.plants import both, rules, shell
from tests.truth.probes import published
from tests.truth.reach.changes import outside
from tests.truth.reach.servers import service
from tests.truth.rows import ordinary, unknown

KIND, HABIT = "port of the host", "host mode"
ANYIP = "198.51.100.9"


def on(row: Any, name: str, kind: str, port: int, claim: str, *plants: Plant, at: str = "192.0.2.10") -> Case:
    """A row about a process of the host that listens at `claim`; clients connect to the address `at`."""
    plant = both(*plants, service("srv", f"tcp,{claim},{port},shared"))
    probe = published(port, "srv", at)
    found: Case = row(name, kind, plant, asked=str(port), probe=probe, sound_before=False)
    return found


def by_rule(pref: int, text: str) -> Plant:
    """A policy rule."""
    return shell(f"ip rule add pref {pref} {text}", f"ip rule del pref {pref}")


LOST = both(
    shell("ip address add 192.0.2.77/32 dev lo", ":"),
    service("srv", "tcp,192.0.2.77,8921,shared"),
    shell("ip address del 192.0.2.77/32 dev lo", ":"),
)
BEYOND = outside(f"ip route add {ANYIP} via 192.0.2.10", f"ip route del {ANYIP}")

CASES = (
    unknown(
        "host's port bound to an address that left the host",
        KIND,
        LOST,
        asked="8921",
        probe=published(8921, "srv", "192.0.2.77"),
        sound_before=False,
    ),
    on(unknown, "host's port bound to an address of docker0", KIND, 8922, "172.17.0.1"),
    on(
        unknown,
        "host's port redirected to a closed one",
        KIND,
        8932,
        "0.0.0.0",
        rules("-t nat -I PREROUTING -p tcp --dport 8932 -j REDIRECT --to-ports 9"),
    ),
    on(unknown, "host's port on 127.0.0.1", KIND, 8923, "127.0.0.1"),
    on(
        unknown,
        "host's answers prohibited by port",
        KIND,
        8924,
        "0.0.0.0",
        by_rule(46, "ipproto tcp sport 8924 prohibit"),
    ),
    on(
        unknown,
        "host's packets prohibited by port",
        KIND,
        8925,
        "0.0.0.0",
        shell(
            "ip rule add pref 1 lookup local; ip rule del pref 0; "
            "ip rule add pref 0 iif enp0s3 ipproto tcp dport 8925 prohibit",
            "ip rule del pref 0; ip rule add pref 0 lookup local; ip rule del pref 1",
        ),
    ),
    on(
        unknown,
        "host's answers to its own network prohibited",
        KIND,
        8926,
        "0.0.0.0",
        by_rule(46, "iif lo to 192.0.2.0/24 prohibit"),
    ),
    on(unknown, "host's answers dropped", KIND, 8927, "0.0.0.0", rules("-I OUTPUT -p tcp --sport 8927 -j DROP")),
    on(
        ordinary,
        "host's port at an address of a local route",
        HABIT,
        8928,
        "0.0.0.0",
        shell(f"ip route add local {ANYIP} dev lo", f"ip route del local {ANYIP} dev lo"),
        BEYOND,
        at=ANYIP,
    ),
    on(
        ordinary,
        "host without a default route",
        HABIT,
        8929,
        "0.0.0.0",
        shell("ip route del default", "ip route add default via 192.0.2.1"),
    ),
    on(
        ordinary,
        "policy rule about another port of the host",
        HABIT,
        8930,
        "0.0.0.0",
        by_rule(46, "ipproto tcp sport 8999 prohibit"),
    ),
    on(
        ordinary,
        "host's port redirected to another of its own",
        HABIT,
        8933,
        "0.0.0.0",
        service("srv", "tcp,0.0.0.0,8934,shared"),
        rules("-t nat -I PREROUTING -p tcp --dport 8933 -j REDIRECT --to-ports 8934"),
    ),
)
