"""Lookups of the embedded DNS in a namespace with the rules of each kind that engines write there."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from exporter.core.connections.lookups import DnsLookups
from exporter.core.model.docker import Container
from exporter.kernel.connections.lookups import LookupSource
from exporter.kernel.namespaces.dns_lookups import NO_PACKETS, read_dns_lookups
from exporter.kernel.proc import read_identified
from tests.support.builders import inventory, run
from tests.support.kernel.container_processes import procfs_of
from tests.support.kernel.own_namespace import entered, ip
from tests.support.reach_namespaces import DNS_PORT, DNS_RULES
from tests.support.waiting import until

ID = "c3" * 32
SERVER = ("127.0.0.11", 53)
NATIVE = f"""
table ip docker-dns {{
    chain dns-dnat {{
        type nat hook output priority -100; policy accept;
        ip daddr 127.0.0.11 udp dport 53 counter dnat to 127.0.0.11:{DNS_PORT}
        ip daddr 127.0.0.11 tcp dport 53 counter dnat to 127.0.0.11:{DNS_PORT}
    }}
    chain dns-snat {{
        type nat hook postrouting priority 100; policy accept;
        ip saddr 127.0.0.11 udp sport {DNS_PORT} counter snat to :53
    }}
}}
"""
WRITERS = {
    "iptables-nft": (("iptables-nft-restore",), f"{DNS_RULES}COMMIT\n"),
    "iptables-legacy": (("iptables-legacy-restore",), f"{DNS_RULES}COMMIT\n"),
    "nftables": (("nft", "-f", "-"), NATIVE),
}
# Print what is missing, or what was found.
READ = """
import sys
from pathlib import Path
from exporter.errors import SourceError
from exporter.kernel.namespaces.dns_lookups import read_dns_lookups
from tests.support.builders import run
try:
    print(read_dns_lookups(Path(sys.argv[1]), run("web", container_id=sys.argv[2], pid=int(sys.argv[3]))).found.udp)
except SourceError as error:
    print(error.reason)
"""


class Client:
    """A namespace with a loopback, as the container `web`."""

    def __init__(self, pid: int, folder: Path) -> None:
        self.pid, self.procfs = pid, procfs_of(folder, {ID: pid})
        ip("link set lo up", pid)

    @property
    def container(self) -> Container:
        """The container."""
        return run("web", container_id=ID, pid=self.pid)

    def write(self, writer: str) -> None:
        """Write the rules."""
        command, text = WRITERS[writer]
        self.run(*command, stdin=text)

    def run(self, *command: str, stdin: str = "") -> None:
        """Run a command in the namespace."""
        subprocess.run(["nsenter", "-t", str(self.pid), "-n", *command], input=stdin, text=True, check=True)

    def read(self) -> DnsLookups | None:
        """Read it."""
        found = read_dns_lookups(self.procfs, self.container)
        return found.found if found else None

    def ask(self, sockets: int, questions: int = 1) -> None:
        """Ask by UDP."""
        with entered(self.pid):
            for _ in range(sockets):
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                    for _ in range(questions):
                        sock.sendto(b"?", SERVER)

    def ask_by_tcp(self) -> None:
        """Ask by TCP."""
        with entered(self.pid), socket.create_server(("127.0.0.11", DNS_PORT)):
            socket.create_connection(SERVER, 30).close()


@pytest.fixture
def client(sandbox: int, tmp_path: Path) -> Client:
    """Without rules."""
    return Client(sandbox, tmp_path)


@pytest.mark.parametrize("writer", WRITERS)
def test_sockets_that_ask_are_counted_by_protocol(client: Client, writer: str) -> None:
    client.write(writer)
    assert client.read() == DnsLookups(client.pid, tcp=0, udp=0)
    client.ask(7)
    client.ask(1, questions=5)
    client.ask_by_tcp()
    assert client.read() == DnsLookups(client.pid, tcp=1, udp=8)


@pytest.mark.parametrize("writer", WRITERS)
def test_a_reading_is_kept_until_the_namespace_sends_a_packet(client: Client, writer: str) -> None:
    client.write(writer)
    first = read_dns_lookups(client.procfs, client.container)
    assert first is not None
    again = read_dns_lookups(client.procfs, client.container, first)
    assert again is first
    other = read_dns_lookups(client.procfs, client.container, replace(first, packets=(0, b"fewer")))
    assert other == first
    client.ask(3)
    last = read_dns_lookups(client.procfs, client.container, again)
    assert last is not None
    assert last.found == DnsLookups(client.pid, tcp=0, udp=3)


def test_a_process_with_a_namespace_of_its_own_does_not_hide_that_of_its_container(client: Client) -> None:
    """It may have left that by `unshare --net`; what is counted there says nothing of the container's sockets."""
    client.write("nftables")
    first = read_dns_lookups(client.procfs, client.container)
    client.ask(2)
    assert first is not None
    other = replace(first, packets=(first.packets[0] + 1, read_identified(f"/proc/{client.pid}/net/snmp")[1]))
    last = read_dns_lookups(client.procfs, client.container, other)
    assert last is not None
    assert last.found == DnsLookups(client.pid, tcp=0, udp=2)


def test_a_namespace_whose_process_is_hidden_is_entered_each_time(client: Client) -> None:
    client.write("nftables")
    first = read_dns_lookups(client.procfs, client.container)
    (client.procfs / f"{client.pid}/net").unlink()
    client.ask(2)
    assert first is not None
    last = read_dns_lookups(client.procfs, client.container, replace(first, packets=NO_PACKETS))
    assert last is not None
    assert last.found == DnsLookups(client.pid, tcp=0, udp=2)


def test_a_namespace_without_the_rules_has_no_lookups(client: Client) -> None:
    client.run("nft", "add", "table", "ip", "nat")
    client.ask(3)
    assert client.read() is None


def test_other_rules_that_translate_are_not_counted(client: Client) -> None:
    rules = "*nat\n:DOCKER_OUTPUT - [0:0]\n" + "".join(
        f"-A OUTPUT {match} -j DNAT --to-destination 127.0.0.1:{DNS_PORT}\n"
        for match in ("-d 127.0.0.12/32 -p udp --dport 53", "-p udp --dport 53", "-d 127.0.0.11/32 -p udp --dport 54")
    )
    client.run("iptables-nft-restore", stdin=rules + "COMMIT\n")
    client.ask(3)
    assert client.read() is None


@pytest.mark.parametrize(
    ("missing", "said"), [("sys_admin", "no_sys_admin"), ("net_admin", "no_net_admin"), ("chown", "4")]
)
def test_a_right_that_is_missing_is_named(client: Client, missing: str, said: str) -> None:
    client.write("iptables-nft")
    client.ask(4)
    without = ("setpriv", f"--bounding-set=-{missing}", f"--inh-caps=-{missing}")
    command = [*without, sys.executable, "-c", READ, str(client.procfs), ID, str(client.pid)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == [said]


def test_the_source_reads_in_a_thread_and_leaves_out_who_has_no_embedded_dns(client: Client) -> None:
    client.write("nftables")
    client.ask(2)
    source = LookupSource(client.procfs, interval=0.05)
    source.update_inventory(inventory(client.container, run("gone", pid=client.pid)))
    source.start()
    try:
        until(lambda: source.latest()[0], 10, "a reading")
        client.ask(1)
        until(lambda: source.latest()[0] == {ID: DnsLookups(client.pid, 0, 3)}, 10, "a later reading")
        assert source.latest()[1].up
        assert source.degraded() == ()
    finally:
        source.stop()
