"""How many sockets of a container queried the embedded DNS: the rules that translate 127.0.0.11:53 in its namespace.

A NAT rule sees the first packet of a connection: the first query of a socket counts, its further ones do not.
iptables writes the rules to the chain DOCKER_OUTPUT, newer engines to a table of their own.
Source: libnetwork/resolver_unix.go of the engine.
"""

import contextlib
import struct
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from exporter.core.connections.lookups import DnsLookups
from exporter.core.model.docker import Container
from exporter.core.nat.address_numbers import number_of
from exporter.core.nat.ruleset import DPORT, DST, IP, NAT, PROTOCOL, Rule
from exporter.errors import SourceError
from exporter.kernel.firewall.iptables_legacy.tables import read_table, table_names
from exporter.kernel.firewall.nftables.dump import GETRULE, NUMBERS, dump
from exporter.kernel.firewall.nftables.reader import packets_of, parse_rule
from exporter.kernel.namespaces.enter import NotEntered, run_in_container
from exporter.kernel.netlink.nfnetlink import open_socket
from exporter.kernel.proc import read_identified

SERVER, PORT = (number_of("127.0.0.11"), (1 << 32) - 1), (53, 53)
CHAINS = ((NAT, "DOCKER_OUTPUT"), ("docker-dns",))  # table and chain, or a table
PACKETS = "net/snmp"  # of a process, or of a thread
PROCFS = Path("/proc")  # shows the reading thread's namespace, wherever another /proc is mounted
NO_SYS_ADMIN, NO_NET_ADMIN = "no_sys_admin", "no_net_admin"

Counted = tuple[Rule, int]
Packets = tuple[int, bytes]  # the file's inode, which is the namespace's, and its text
NO_PACKETS: Packets = (0, b"")


class LookupReading(Struct, frozen=True):
    """One namespace's: `found` is None where no rule translates the embedded DNS.

    `cause` is a digest of the rules of nf_tables, b"" where these were not all; `packets` is what the namespace had
    counted just before; `refused` the reason for which it could not be read.
    """

    found: DnsLookups | None
    cause: bytes = b""
    packets: Packets = NO_PACKETS
    refused: str = ""


def read_dns_lookups(procfs: Path, container: Container, known: LookupReading | None = None) -> LookupReading | None:
    """Read the namespace of a container; None when it is gone. `known` is the reading before, of the same process.

    A namespace that has sent nothing since is not entered. Raises SourceError `no_sys_admin` or `no_net_admin`
    without the capability for it, OSError for another failure.
    """
    if known is not None and known.found is not None and _is_idle(procfs, container.pid, known.packets):
        return known
    try:
        found = run_in_container(procfs, container, lambda: read_inside(container.pid, known))
    except PermissionError as error:
        raise SourceError(NO_NET_ADMIN, f"rules of {container.name}: {error.strerror}") from error
    if found is NotEntered.DENIED:
        raise SourceError(NO_SYS_ADMIN, f"the network namespace of {container.name} cannot be entered")
    return None if isinstance(found, NotEntered) else found


def read_inside(pid: int, known: LookupReading | None) -> LookupReading:
    """Read the calling thread's namespace. Needs CAP_NET_ADMIN. Rules that are those of `known` are not parsed again.

    A table of iptables-legacy is read where nf_tables has no such rule that counts.
    """
    packets = _read_packets(PROCFS, "thread-self")
    rules = _read_nftables()
    cause = _digest(rules)
    if known is not None and known.cause == cause:
        return replace(known, packets=packets)
    if counted := [*parse_rules(rules)]:
        return LookupReading(parse_lookups(pid, counted), cause, packets)
    return LookupReading(parse_lookups(pid, _read_legacy()), packets=packets)


def _is_idle(procfs: Path, pid: int, packets: Packets) -> bool:
    return packets != NO_PACKETS and packets == _read_packets(procfs, pid)


def _read_packets(procfs: Path, process: int | str) -> Packets:
    """Read what the namespace of a process has counted; none where the process is gone, or hidden."""
    try:
        return read_identified(f"{procfs}/{process}/{PACKETS}")
    except OSError:
        return NO_PACKETS


def _read_nftables() -> list[tuple[int, bytes]]:
    with contextlib.closing(open_socket()) as sock:
        return [rule for place in CHAINS for rule in dump(sock, GETRULE, NUMBERS[IP], *place).objects]


def _digest(rules: Iterable[tuple[int, bytes]]) -> bytes:
    return blake2b(b"".join(message for _, message in rules), digest_size=16).digest()


def parse_rules(rules: Iterable[tuple[int, bytes]]) -> Iterator[Counted]:
    """Parse rules of nf_tables: those that count, each with its packets."""
    for family, message in rules:
        read = parse_rule(family, message)
        if read.counter_at >= 0:
            yield read.rule, packets_of(message, read)


def _read_legacy() -> list[Counted]:
    """Read the table, unless it may not be listed, or is none."""
    with contextlib.suppress(PermissionError, ValueError, struct.error):
        if NAT in table_names(PROCFS, IP):
            table = read_table(IP, NAT)
            return list(zip((rule for rules in table.chains.values() for rule in rules), table.packets, strict=True))
    return []


def parse_lookups(pid: int, counted: Iterable[Counted]) -> DnsLookups | None:
    """Add up the packets by protocol; None without such a rule."""
    found: dict[str, int] = {}
    for rule, packets in counted:
        protocol = rule.value(PROTOCOL)
        if rule.target == "DNAT" and rule.value(DST) == SERVER and rule.value(DPORT) == PORT and protocol:
            found[protocol] = found.get(protocol, 0) + packets
    return DnsLookups(pid, found.get("tcp", 0), found.get("udp", 0)) if found else None
