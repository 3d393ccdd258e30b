"""How many sockets of a container queried the embedded DNS: the rules that translate 127.0.0.11:53 in its namespace.

A NAT rule sees the first packet of a connection: the first query of a socket counts, its further ones do not.
iptables writes the rules to the chain DOCKER_OUTPUT, newer engines to a table of their own.
Source: libnetwork/resolver_unix.go of the engine.
"""

import contextlib
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

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

SERVER, PORT = (number_of("127.0.0.11"), (1 << 32) - 1), (53, 53)
CHAINS = ((NAT, "DOCKER_OUTPUT"), ("docker-dns",))  # table and chain, or a table
PROCFS = Path("/proc")  # shows the reading thread's namespace, wherever another /proc is mounted
NO_SYS_ADMIN, NO_NET_ADMIN = "no_sys_admin", "no_net_admin"

Counted = tuple[Rule, int]


def read_dns_lookups(procfs: Path, container: Container) -> DnsLookups | None:
    """Read the namespace of a container; None when it is gone, or has no embedded DNS.

    Raises SourceError `no_sys_admin` or `no_net_admin` without the capability for it, OSError for another failure.
    """
    try:
        found = run_in_container(procfs, container, read_counted)
    except PermissionError as error:
        raise SourceError(NO_NET_ADMIN, f"rules of {container.name}: {error.strerror}") from error
    if found is NotEntered.DENIED:
        raise SourceError(NO_SYS_ADMIN, f"the network namespace of {container.name} cannot be entered")
    return None if isinstance(found, NotEntered) else parse_lookups(container.pid, found)


def read_counted() -> list[Counted]:
    """Read the rules that may translate, each with its packets, in the calling thread's namespace. Needs CAP_NET_ADMIN.

    A table of iptables-legacy that may not be listed, or is none, is left out.
    """
    if found := list(_read_nftables()):
        return found
    with contextlib.suppress(PermissionError, ValueError, struct.error):
        if NAT in table_names(PROCFS, IP):
            table = read_table(IP, NAT)
            return list(zip((rule for rules in table.chains.values() for rule in rules), table.packets, strict=True))
    return []


def _read_nftables() -> Iterator[Counted]:
    with contextlib.closing(open_socket()) as sock:
        for place in CHAINS:
            for family, message in dump(sock, GETRULE, NUMBERS[IP], *place).objects:
                read = parse_rule(family, message)
                if read.counter_at >= 0:
                    yield read.rule, packets_of(message, read)


def parse_lookups(pid: int, counted: Iterable[Counted]) -> DnsLookups | None:
    """Add up the packets by protocol; None without such a rule."""
    found: dict[str, int] = {}
    for rule, packets in counted:
        protocol = rule.value(PROTOCOL)
        if rule.target == "DNAT" and rule.value(DST) == SERVER and rule.value(DPORT) == PORT and protocol:
            found[protocol] = found.get(protocol, 0) + packets
    return DnsLookups(pid, found.get("tcp", 0), found.get("udp", 0)) if found else None
