"""Names that are resolved."""

from typing import Any

from tests.truth.plants import both
from tests.truth.reach.changes import renamed, within, written
from tests.truth.reach.dns import KNOWN, serving
from tests.truth.reach.planting import SLEEP, box, client, joined, network, pair
from tests.truth.reach.servers import service
from tests.truth.reach.situation import AMBIGUOUS, Truth, fails_unseen, works, works_unseen

LINKED: dict[str, Any] = {"Links": ["server:thedb"]}
POOL: dict[str, Any] = {"Aliases": ["pool"]}
SIX = network("dual", "10.66.0.0/24", "fd00:66::/64")
BOTH_OF_POOL = both(box("server", endpoint=POOL), box("second", endpoint=POOL), client())
ONE_OF_POOL = both(box("server", endpoint=POOL), box("second", command=SLEEP, endpoint=POOL), client())
EXAMPLE: dict[str, Any] = {"dns": ["192.0.2.1"], "dns_opt": ["ndots:2"], "dns_search": ["example.com"]}

SITUATIONS = (
    works("name on one network", pair()),
    works("name in upper case", pair(), target="SERVER"),
    works("short id", pair(), target="$server_id"),
    works("name with its network", pair(), target="server.n"),
    works("alias", both(box("server", endpoint={"Aliases": ["store"]}), client()), target="store"),
    works("alias of two containers", BOTH_OF_POOL, target="pool", answers=("server", "second")),
    works(
        "alias of two containers of which one does not listen",
        ONE_OF_POOL,
        target="pool",
        truth=Truth.MIXED,
        verdicts=frozenset({AMBIGUOUS}),
        steps=("listener",),
    ),
    works("hostname", pair(hostname="dbhost"), target="dbhost"),
    works("link", both(box("server"), box("client", command=SLEEP, endpoint=LINKED)), target="thedb"),
    works(
        "link on the default bridge",
        both(box("server", "bridge"), client("bridge", links={"server": "thedb"})),
        target="thedb",
    ),
    works("two networks shared", both(pair(), joined("client", "m"), joined("server", "m"))),
    works(
        "name after a rename",
        pair(),
        renamed("server", "backend"),
        target="backend",
        works_before=False,
    ),
    works("network added to the default bridge", both(pair("bridge"), joined("client", "n"), joined("server", "n"))),
    works("name asked by a sharer", both(pair(), box("sharer", "container:client", SLEEP)), source="sharer"),
    works("container name with --dns", both(box("server"), client(dns=["192.0.2.53"]))),
    works("search domain is the network", both(box("server"), client(dns_search=["n"]))),
    works("right line of /etc/hosts", pair(), written("client", "/etc/hosts", "$server server\n", append=True)),
    works("DROP of port 53 behind the DNAT", pair(), within("client", "iptables -A OUTPUT -p udp --dport 53 -j DROP")),
    works("name of two families", both(SIX, pair("dual"))),
    works(
        "name of two families, served on IPv4 alone",
        both(SIX, box("server", "dual", SLEEP), client("dual"), service("server", "tcp,0.0.0.0,80", where="server")),
        truth=Truth.MIXED,
        verdicts=frozenset({AMBIGUOUS}),
        steps=("listener",),
    ),
    works_unseen(
        "outside name that a server answers",
        both(serving, client(dns=["192.0.2.1"])),
        target=KNOWN,
        port=7000,
        answers=("outside",),
    ),
    works_unseen("ndots with a search domain that has no such name", both(serving, box("server"), client(**EXAMPLE))),
    fails_unseen(
        "search domain that has the name of a container",
        "name",
        both(serving, box("www"), client(**EXAMPLE)),
        target="www",
    ),
    fails_unseen("outside name that no server answers", "name", client(), target=KNOWN, port=7000),
)
