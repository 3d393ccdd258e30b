"""The listening sockets of a container's own network namespace, and whether rules in there redirect packets.

By sock_diag from within where this process may go there; else by /proc/PID/net, which any process may read of any
that it sees. Those files walk the machine's table of all sockets, 2 ms for each, and do not show whether an IPv6
socket takes IPv4 too. Sources: net/ipv4/tcp_ipv4.c, net/ipv4/udp.c.
"""

import errno
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from exporter.core.model.docker import Container
from exporter.core.model.sockets import ListeningSocket
from exporter.kernel.namespaces.setns import run_in_netns
from exporter.kernel.netlink.inet_diag import LISTEN, UNCONNECTED
from exporter.kernel.proc import GONE, is_container_process
from exporter.kernel.sockets.listeners import digest, parse_bounded, read_own_answers
from exporter.kernel.sockets.namespace_redirects import read_chains, redirects, redirects_by_legacy

FILES = (
    ("tcp", "tcp", LISTEN, socket.AF_INET),
    ("tcp6", "tcp", LISTEN, socket.AF_INET6),
    ("udp", "udp", UNCONNECTED, socket.AF_INET),
    ("udp6", "udp", UNCONNECTED, socket.AF_INET6),
)
# EINVAL: a sandbox's file outlives its namespace by a minute.
REFUSED = GONE | {errno.EPERM, errno.EACCES, errno.EINVAL, errno.ELOOP}

MAX_FILE = 16 << 20  # characters: 110,000 connections

LOCAL, STATE, UID, INODE = 1, 3, 7, 9  # columns


class NamespaceReading(Struct, frozen=True):
    """The listening sockets of a namespace. `redirected`: a NAT chain of its prerouting hook has rules.

    `cause` is a digest of the kernel's answers, b"" where it was read by files.
    """

    listeners: tuple[ListeningSocket, ...]
    redirected: bool = False
    cause: bytes = b""


def read_inside(known: NamespaceReading | None) -> NamespaceReading:
    """Read the calling thread's namespace: answers that are those of `known` are not parsed again. Raises OSError."""
    sockets, chains, legacy = read_own_answers(), read_chains(), redirects_by_legacy()
    cause = digest((*sockets, (int(legacy), chains)))
    if known is not None and known.cause == cause:
        return known
    return NamespaceReading(parse_bounded(sockets), legacy or redirects(chains), cause)


def read_namespace_sockets(
    procfs: Path, container: Container, known: NamespaceReading | None = None
) -> NamespaceReading | None:
    """Read a container's namespace; None when it is gone, or hidden. Raises OSError.

    By the file that the engine keeps of the sandbox; else by the container's process, which may have entered a
    namespace of its own (`unshare --net`). The rules are read only where this process may enter the namespace.
    `known` is the reading before: the same object is returned while the kernel's answers are the same.
    """
    process = procfs / str(container.pid)
    found = _entered(container.sandbox_key, known) if container.sandbox_key else None
    if found is not None or not is_container_process(procfs, container.pid, container.id):
        return found
    found = _entered(str(process / "ns/net"), known, follow=True)
    if found is not None:
        return found
    try:
        return NamespaceReading(read_files(process / "net"))
    except OSError as error:
        if error.errno in GONE:
            return None
        raise


def _entered(file: str, known: NamespaceReading | None, *, follow: bool = False) -> NamespaceReading | None:
    """Read the namespace of a file; None where it is gone, or may not be entered."""
    try:
        return run_in_netns(file, lambda: read_inside(known), follow=follow)
    except OSError as error:
        if error.errno not in REFUSED:
            raise
        return None


def read_files(folder: Path) -> tuple[ListeningSocket, ...]:
    """Read a process's net/tcp, tcp6, udp and udp6; of a kernel without IPv6 there are two."""
    found: list[ListeningSocket] = []
    for name, protocol, state, family in FILES:
        try:
            text = read_bounded(folder / name)
        except FileNotFoundError:
            if family == socket.AF_INET:
                raise
            continue
        found += parse_file(text, protocol, state, family)
    return tuple(found)


def read_bounded(path: Path) -> str:
    """Read a file of all connections of a namespace. Raises OSError, with EMSGSIZE for more than MAX_FILE bytes."""
    with path.open() as file:
        text = file.read(MAX_FILE + 1)
    if len(text) > MAX_FILE:
        raise OSError(errno.EMSGSIZE, f"more than {MAX_FILE >> 20} MiB of connections", str(path))
    return text


def parse_file(text: str, protocol: str, state: int, family: socket.AddressFamily) -> Iterator[ListeningSocket]:
    """Parse one of the files: a line of names, then a line for each socket."""
    for line in text.splitlines()[1:]:
        columns = line.split()
        if int(columns[STATE], 16) == state:
            address, _, port = columns[LOCAL].partition(":")
            yield ListeningSocket(
                protocol=protocol,
                address=parse_address(address, family),
                port=int(port, 16),
                uid=int(columns[UID]),
                inode=int(columns[INODE]),
            )


def parse_address(text: str, family: socket.AddressFamily) -> str:
    """Parse an address as the kernel prints its words: each as a number of the machine's byte order."""
    words = [int(text[at : at + 8], 16) for at in range(0, len(text), 8)]
    return socket.inet_ntop(family, struct.pack(f"={len(words)}I", *words))
