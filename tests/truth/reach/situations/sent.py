"""What decides about a container's packets besides rules and routes: its cgroup, local ports, the time to live."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.support.bpf_drop import CGROUP_EGRESS, CGROUP_INGRESS, CONNECT4
from tests.truth.case import Plant
from tests.truth.cgroups import frozen, in_a_cgroup, program, waiting
from tests.truth.lab import Lab, serving
from tests.truth.plants import both, rules, shell, sysctl
from tests.truth.reach.changes import command, within
from tests.truth.reach.planting import SLEEP, box, client, network, pair
from tests.truth.reach.servers import service
from tests.truth.reach.situation import BOOKWORM, TRIXIE, fails, fails_unseen, works, works_unseen

OUTSIDE: dict[str, Any] = {"target": "$outside", "port": 7000, "answers": ("outside",)}
NEVER_BEFORE: dict[str, Any] = {"works_before": False}
IDLE = both(box("server", "n", SLEEP), client())
SHARED = both(IDLE, box("sidecar", "container:server"))
BY_SIDECAR: dict[str, Any] = {"answers": ("sidecar",)}
X = network("x", "10.50.0.0/24")
# connections to the server, for as long as it has room
HOLD = """
clients = []
for _ in range(40):
    client = socket.socket()
    client.settimeout(1)
    try:
        client.connect(("{server}", 80))
    except OSError:
        break
    clients.append(client)
print("ready", flush=True)
signal.pause()
"""
# a server that goes on while clients hold connections
PATIENT = """
import threading
def answer(connection):
    if connection.recv(4096):
        connection.sendall(b"HTTP/1.0 200 OK\\r\\n\\r\\nserver")
        connection.close()
print("ready", flush=True)
while True:
    threading.Thread(target=answer, args=(made[0].accept()[0],), daemon=True).start()
"""
# a UDP server that reads nothing
DEAF = """
made[0].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for _ in range(100):
    sender.sendto(b"x", ("127.0.0.1", 80))
print("ready", flush=True)
signal.pause()
"""
PORTS = sysctl("net.ipv4.ip_local_port_range", "40000 40009", "client")
SERVER = both(IDLE, service("server", "tcp,0.0.0.0,80,shared", where="server", then=PATIENT))
SERVERS_CGROUP = both(box("server", "n", waiting(serving("server")[-1])), in_a_cgroup("server"), client())
CLIENTS_CGROUP = both(box("server"), client(), in_a_cgroup("client"))
DORMANT = (
    "nft 'add table inet t { flags dormant; }; add chain inet t c { type filter hook input priority 0; policy drop; }'"
)


@contextmanager
def held(lab: Lab) -> Iterator[None]:
    """Connections of the client to the server that stay."""
    with service("holder", where="client", then=HOLD.format(server=lab.text("$server")))(lab):
        yield


def macvlan(mode: str) -> Plant:
    """Two containers on a macvlan network."""
    made = network("lan", "10.77.0.0/24", driver="macvlan", options={"parent": "enp0s3", "macvlan_mode": mode})
    return both(made, pair("lan"))


def opened(client_network: str = "n", server: str = "m") -> Plant:
    """A client and a server on two networks that an operator has opened to each other."""
    accept = rules("-I DOCKER-USER -j ACCEPT"), rules("-t raw -I PREROUTING -j ACCEPT")
    return both(box("server", server), client(client_network), *accept)


ACROSS: dict[str, Any] = {"target": "$server"}
SITUATIONS = (
    works("few local ports", SERVER, PORTS),
    works(
        "no local port left for another server",
        both(SERVER, box("third")),
        both(PORTS, held),
        target="third",
        answers=("third",),
    ),
    works("a cgroup without programs", CLIENTS_CGROUP, in_cgroup=True),
    works(
        "BPF at the cgroup of another container",
        both(pair(), box("third", "n", SLEEP), in_a_cgroup("third")),
        program("third", CGROUP_INGRESS),
    ),
    works("time to live of 1 on one bridge", pair(), sysctl("net.ipv4.ip_default_ttl", "1", "client")),
    works("time to live of 2 to the outside", client(), sysctl("net.ipv4.ip_default_ttl", "2", "client"), **OUTSIDE),
    works("macvlan in mode bridge", macvlan("bridge")),
    works("dormant table that drops inside the server", pair(), within("server", DORMANT)),
    works("hygiene of TCP flags", client(), rules("-I FORWARD -p tcp --tcp-flags FIN,SYN FIN,SYN -j DROP"), **OUTSIDE),
    works_unseen(
        "the one that serves has a paused neighbour", SHARED, command("pause", "server", "unpause"), **BY_SIDECAR
    ),
    fails("no local port left", "inside", SERVER, both(PORTS, held)),
    fails(
        "all local ports reserved",
        "inside",
        pair(),
        both(PORTS, sysctl("net.ipv4.ip_local_reserved_ports", "40000-40009", "client")),
    ),
    fails_unseen(
        "BPF refuses the client's connections", "inside", CLIENTS_CGROUP, program("client", CONNECT4), in_cgroup=True
    ),
    fails_unseen(
        "BPF drops what the client's cgroup sends",
        "inside",
        CLIENTS_CGROUP,
        program("client", CGROUP_EGRESS),
        in_cgroup=True,
    ),
    fails_unseen(
        "BPF drops what the server's cgroup receives", "inside", SERVERS_CGROUP, program("server", CGROUP_INGRESS)
    ),
    fails_unseen(
        "BPF drops what the server's cgroup sends", "inside", SERVERS_CGROUP, program("server", CGROUP_EGRESS)
    ),
    fails(
        "time to live of 1 to the outside",
        "filter",
        client(),
        sysctl("net.ipv4.ip_default_ttl", "1", "client"),
        **OUTSIDE,
    ),
    fails(
        "time to live of 1 of another network's server",
        "back",
        opened(),
        sysctl("net.ipv4.ip_default_ttl", "1", "server"),
        **ACROSS,
    ),
    fails("macvlan in mode private", "link", macvlan("private"), **NEVER_BEFORE),
    fails_unseen("macvlan in mode vepa", "link", macvlan("vepa"), **NEVER_BEFORE),
    fails(
        "packets that follow the first dropped on the way out",
        "filter",
        client(),
        rules("-I FORWARD -i br-n -m conntrack --ctstate ESTABLISHED -j DROP"),
        **OUTSIDE,
    ),
    fails_unseen(
        "data dropped on the way out",
        "filter",
        client(),
        rules("-I FORWARD -i br-n -p tcp --tcp-flags PSH PSH -j DROP"),
        **OUTSIDE,
    ),
    fails(
        "packets that follow the first dropped inside the server",
        "inside",
        pair(),
        within("server", "iptables -A INPUT -m conntrack --ctstate ESTABLISHED -j DROP"),
    ),
    fails("server's cgroup frozen", "listener", pair(), frozen("server")),
    fails("the sharer that serves is paused", "listener", SHARED, command("pause", "sidecar", "unpause"), **BY_SIDECAR),
    fails(
        "UDP receive buffer full",
        "listener",
        both(IDLE, service("server", "udp,0.0.0.0,80", where="server", then=DEAF)),
        protocol="udp",
    ),
    fails_unseen(
        "client sends no requests of ARP",
        "link",
        both(X, pair("x")),
        both(
            sysctl("net.ipv4.neigh.eth0.mcast_solicit", "0", "client"), shell("ip neigh flush dev eth0", ":", "client")
        ),
        engines=(BOOKWORM, TRIXIE),  # 28 makes the neighbour entries known
        **NEVER_BEFORE,
    ),
)
