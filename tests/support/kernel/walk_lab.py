"""A host with an uplink, a bridge and a container, as namespaces of the test's own; a real connection is the judge.

The host is 192.0.2.10 on eth0, the client 192.0.2.1, the container 172.17.0.2 on docker0; its port 80 is published as
8080 by the rules that Docker 20.10 writes, without docker-proxy.
"""

import contextlib
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from exporter.core.nat.address_numbers import number_of, prefix_of
from exporter.core.nat.packet import OUTSIDE, Inside, Packet
from exporter.core.nat.walk.firewall import Firewall
from exporter.core.nat.walk.ways import Way, way_in, way_out
from exporter.kernel.firewall.iptables_legacy.reader import LegacyReader
from exporter.kernel.firewall.nftables.reader import NftReader
from exporter.kernel.links.links import read_links
from exporter.kernel.netlink.client import open_socket
from tests.support.kernel.own_namespace import carries, container, entered, ip, own_namespace

HOST, CLIENT, WEB, GATEWAY = "192.0.2.10", "192.0.2.1", "172.17.0.2", "172.17.0.1"
PUBLISHED, SERVED, OTHER = 8080, 80, 8081
SECONDS = 0.4  # for a handshake within one machine; the first repetition comes after a second
DOCKER = f"""\
*filter
:FORWARD DROP
:DOCKER -
:DOCKER-USER -
-A FORWARD -j DOCKER-USER
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o docker0 -j DOCKER
-A FORWARD -i docker0 ! -o docker0 -j ACCEPT
-A DOCKER -d {WEB}/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT
-A DOCKER-USER -j RETURN
COMMIT
*nat
:PREROUTING ACCEPT
:POSTROUTING ACCEPT
:DOCKER -
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination {WEB}:80
COMMIT
"""
LOOPBACK = ("127.0.0.0/8", "172.17.0.0/16")


def shell(script: str) -> None:
    """Run commands in the thread's network namespace; RuntimeError with what they say when one fails."""
    done = subprocess.run(["sh", "-ec", script], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{script}: {done.stderr.strip()}")


def listening(address: str, port: int) -> socket.socket:
    """A listener that nobody accepts from: the kernel completes handshakes."""
    sock = socket.create_server((address, port), backlog=512)
    sock.settimeout(0)
    return sock


@dataclass(frozen=True)
class Lab:
    """The three namespaces; the thread is in the host's."""

    client: int
    served: socket.socket
    elsewhere: tuple[socket.socket, ...]

    def reset(self) -> None:
        """Docker's rules alone."""
        shell("ip link set eth0 group default; ip link set docker0 group default")
        shell("nft flush ruleset; conntrack -F 2>/dev/null || true")
        for table in Path("/proc/thread-self/net/ip_tables_names").read_text().split():
            shell(f"iptables-legacy -t {table} -F; iptables-legacy -t {table} -X")
        subprocess.run(["iptables-restore"], input=DOCKER, text=True, check=True, capture_output=True)

    def with_rules(self, rules: str) -> "Lab":
        """Docker's rules and these, and no others."""
        self.reset()
        self.plant(rules)
        return self

    def plant(self, rules: str) -> None:
        """Run commands, or load a text of nft that begins with `table`."""
        if rules.startswith("table"):
            done = subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=False, capture_output=True)
            if done.returncode:
                raise RuntimeError(done.stderr)
        else:
            shell(rules)

    def connects(self) -> bool:
        """Whether a client outside reaches the container by the published port."""
        with entered(self.client):
            return _reaches((HOST, PUBLISHED), self.served)

    def firewall(self) -> Firewall:
        """The rules as they are read."""
        nft = NftReader()
        try:
            rules = nft.read().ruleset
        finally:
            nft.close()
        legacy, _, _ = LegacyReader(Path("/proc")).read()
        return Firewall([rules, *([legacy] if legacy else [])], self.inside())

    def inside(self) -> Inside:
        """What is known of the host."""
        return Inside(
            bridges=frozenset({"docker0"}),
            networks=tuple(map(prefix_of, LOOPBACK)),
            uplinks=frozenset({"eth0"}),
            devices={name: index for index, name in socket.if_nameindex()},
            groups=groups(),
            addresses={"ip": frozenset({number_of(HOST)})},
        )

    def way_in(self, *, exact: bool = False) -> Way:
        """Walk a client's packet; `exact` is this client's and no other's."""
        packet = Packet(dport=PUBLISHED, to_host=True)
        if exact:
            packet = packet._replace(src=number_of(CLIENT), dst=number_of(HOST), iif="eth0")
        return way_in(self.firewall(), packet, route)

    def way_out(self) -> Way:
        """Walk a packet of the container to anywhere outside."""
        return way_out(self.firewall(), Packet(iif="docker0", src=number_of(WEB), dport=OTHER))


def groups() -> dict[str, int]:
    """The group of each device."""
    with open_socket() as sock:
        return {found.link.name: found.link.group for found in read_links(sock)}


def route(address: int) -> str:
    """The device that leads to an address."""
    network, mask = prefix_of("172.17.0.0/16")
    return "docker0" if address & mask == network else OUTSIDE


def arrives(way: Way) -> bool:
    """Whether a walk ends at the container's port, and nothing drops the answer."""
    led = way.arrival.packet
    return not any(part.verdict in ("DROP", "REJECT") for part in way.parts) and (led.dst, led.dport) == (
        number_of(WEB),
        SERVED,
    )


def _reaches(address: tuple[str, int], server: socket.socket) -> bool:
    """Whether the server, and no other, gets the connection."""
    with socket.socket() as sock:
        sock.settimeout(SECONDS)
        if sock.connect_ex(address):
            return False
        name = sock.getsockname()[1]
        found = set()
        while True:
            try:
                accepted, peer = server.accept()
            except BlockingIOError:
                return name in found
            accepted.close()
            found.add(peer[1])


@contextlib.contextmanager
def lab() -> Iterator[Lab]:
    """Make it, with Docker's rules."""
    with own_namespace(), container() as client, container() as web:
        for name, pid, bridge in (("eth0", client, ""), ("veth0", web, "docker0")):
            ip(f"link add {name} type veth peer name in0 netns {pid}")
            ip("link set in0 up", pid)
            if bridge:
                ip(f"link add {bridge} type bridge")
                ip(f"link set {name} master {bridge}")
                ip(f"addr add {GATEWAY}/16 dev {bridge}")
                ip(f"link set {bridge} up")
            ip(f"link set {name} up")
        ip(f"addr add {HOST}/24 dev eth0")
        ip(f"addr add {CLIENT}/24 dev in0", client)
        ip(f"addr add {WEB}/16 dev in0", web)
        ip(f"route add default via {CLIENT}")
        ip(f"route add default via {GATEWAY}", web)
        shell("ip link set lo up; sysctl -qw net.ipv4.ip_forward=1")
        for name in ("eth0", "docker0"):
            carries(name)
        with contextlib.ExitStack() as stack:
            with entered(web):
                served = stack.enter_context(listening(WEB, SERVED))
                also = stack.enter_context(listening(WEB, OTHER))
            host = stack.enter_context(listening("0.0.0.0", OTHER))
            made = Lab(client, served, (also, host))
            made.reset()
            yield made
