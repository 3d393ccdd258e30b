"""Names that are not resolved, or to another address."""

from typing import Any

from tests.truth.plants import both, shell
from tests.truth.reach.changes import command, removed_from, renamed, within, written
from tests.truth.reach.dns import KNOWN, serving
from tests.truth.reach.planting import SLEEP, box, client, joined, network, pair
from tests.truth.reach.situation import fails, fails_unseen

NO_DNS_RULES = "iptables -t nat -F; nft flush table ip docker-dns 2>/dev/null || true"
NOBODY = "nameserver 192.0.2.53\n"
FILE = "/run/reach-resolv.conf"
MOUNTED: dict[str, Any] = {FILE: {"bind": "/etc/resolv.conf", "mode": "ro"}}
SHARED = box("sharer", "container:client", SLEEP)
HIDDEN = both(client(extra_hosts={"server": "192.0.2.99"}), box("server"))
DECOY = both(
    box("decoy", endpoint={"IPAMConfig": {"IPv4Address": "10.42.0.77"}}),
    client(extra_hosts={"server": "10.42.0.77"}),
    box("server"),
)
WELL_KNOWN: dict[str, Any] = {"target": KNOWN, "port": 7000}

SITUATIONS = (
    fails("name on the default bridge", "name", pair("bridge")),
    fails(
        "name on the default bridge with --dns",
        "name",
        both(serving, box("server", "bridge"), client("bridge", dns=["192.0.2.1"])),
    ),
    fails("name across networks", "name", pair(server="m")),
    fails("name in host mode", "name", both(box("server"), client("host"))),
    fails("name asked by a sharer on the default bridge", "name", both(pair("bridge"), SHARED), source="sharer"),
    fails("name without a network", "name route", both(box("server"), client("none"))),
    fails_unseen("name with another network", "name", pair(), target="server.m"),
    fails_unseen("mistyped name", "name", pair(), target="servr"),
    fails_unseen(
        "alias of another network",
        "name",
        both(box("server", "m", endpoint={"Aliases": ["store"]}), client()),
        target="store",
    ),
    fails_unseen("name of before a rename", "name", pair(), renamed("server", "backend")),
    fails("name of a stopped container", "name", pair(), command("kill", "server")),
    fails("name of a disconnected container", "name", pair(), both(joined("server", "m"), removed_from("server", "n"))),
    fails("hidden by extra_hosts", "name", HIDDEN),
    fails("led to another container by extra_hosts", "name", DECOY),
    fails(
        "hidden by a line in capitals",
        "name",
        pair(),
        written("client", "/etc/hosts", "192.0.2.99\tx SERVER\n", append=True),
    ),
    fails(
        "hidden by a line of before an address changed",
        "name",
        pair(),
        written("client", "/etc/hosts", "10.42.0.200 server\n", append=True),
    ),
    fails("resolv.conf overwritten", "name", pair(), written("client", "/etc/resolv.conf", NOBODY)),
    fails("resolv.conf without a server", "name", pair(), written("client", "/etc/resolv.conf", "# empty\n")),
    fails(
        "resolv.conf mounted read-only",
        "name",
        both(shell(f"echo nameserver 192.0.2.53 >{FILE}", f"rm {FILE}"), box("server"), client(volumes=MOUNTED)),
    ),
    fails("rules of the resolver flushed", "name", pair(), within("client", NO_DNS_RULES)),
    fails(
        "DROP of port 53 before the DNAT",
        "name",
        pair(),
        within("client", "iptables -t raw -A OUTPUT -p udp --dport 53 -j DROP"),
    ),
    fails("loopback dropped inside", "name", pair(), within("client", "iptables -A OUTPUT -o lo -j DROP")),
    fails("INPUT policy DROP inside without lo", "name", pair(), within("client", "iptables -P INPUT DROP")),
    fails("loopback down inside", "name", pair(), within("client", "ip link set lo down")),
    fails(
        "network added to the default bridge and removed",
        "name",
        both(pair("bridge"), joined("client", "n"), joined("server", "n")),
        both(removed_from("client", "n"), removed_from("server", "n")),
    ),
    fails_unseen(
        "outside name on an internal network",
        "name",
        both(network("inner", "10.44.0.0/24", internal=True), client("inner")),
        **WELL_KNOWN,
    ),
    fails_unseen(
        "outside name by a server that does not know it",
        "name",
        both(serving, client(dns=["192.0.2.1"])),
        target="db.example.com",
    ),
)
