"""Visit network namespaces for one question: each is entered once, and its FIB answers until the question is.

A netlink socket belongs to the namespace in which it was opened, whatever thread uses it. It keeps the namespace alive:
it is closed with the question.
"""

import contextlib
import errno
import socket
import struct
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from exporter.core.model.docker import Container
from exporter.core.model.fib import RouteQuery, RouteResult
from exporter.core.reach.view import (
    FILES,
    FILTERS,
    LISTENERS,
    NAMESPACE,
    RULES,
    SOCKET_LOOKUP,
    NamespaceView,
    Unread,
    Visited,
)
from exporter.kernel.bpf.namespace_programs import has_socket_lookup
from exporter.kernel.links.device_filters import read_device_filters
from exporter.kernel.links.fib import read_result
from exporter.kernel.links.ipsec_policies import read_ipsec_policies
from exporter.kernel.namespaces.enter import is_visible
from exporter.kernel.netlink.client import open_socket
from exporter.kernel.reach.accept_queues import Sockets, read_sockets
from exporter.kernel.reach.arp_rules import at_devices, read_arp_hooks
from exporter.kernel.reach.bounded import BoundedReader
from exporter.kernel.reach.bridge_filter import read_bridge_filter
from exporter.kernel.reach.cgroup import read_programs, read_programs_of
from exporter.kernel.reach.devices import read_devices
from exporter.kernel.reach.enter import run_in_container
from exporter.kernel.reach.files import read_files
from exporter.kernel.reach.local_ports import LocalPorts
from exporter.kernel.reach.neighbours import read_known_neighbours
from exporter.kernel.reach.parts import read_part
from exporter.kernel.reach.rules import read_legacy, read_nft
from exporter.kernel.reach.stopped import Halted, read_halted, read_stopped
from exporter.kernel.reach.time_to_live import read_ttl
from exporter.kernel.reach.tracking_timeouts import read_untracked

NOT_ENTERED = RouteResult(error=errno.EPERM)  # no errno of a route lookup
SYSFS = Path("/sys")
FILE_READER = BoundedReader()
HIDDEN_PROCESS = Unread(FILES, "the process of the container is not visible from here")


@contextlib.contextmanager
def visiting(procfs: Path, sysfs: Path = SYSFS) -> Iterator["Visits"]:
    """Yield the visits of one question; what they have open is closed afterwards."""
    with contextlib.ExitStack() as opened:
        yield Visits(procfs, opened, sysfs)


class Visits:
    """Visits each namespace when it is first needed. Made in the host's network namespace."""

    def __init__(self, procfs: Path, opened: contextlib.ExitStack, sysfs: Path = SYSFS) -> None:
        self._procfs, self._sysfs = procfs, sysfs
        self._opened = opened
        self._halted: Halted | None = None
        self._visited: dict[str, Visited] = {}

    def host(self) -> Visited:
        """Visit the calling thread's namespace, without rules and files."""
        return self._once("", self._visit_host)

    def container(self, container: Container) -> Visited:
        """Visit a container's namespace, and read its files."""
        return self._once(container.id, lambda: self._visit(container))

    def _once(self, key: str, visit: Callable[[], Visited]) -> Visited:
        if key not in self._visited:
            self._visited[key] = visit()
        return self._visited[key]

    def _visit(self, container: Container) -> Visited:
        inside = run_in_container(self._procfs, container, lambda: self._visit_here(rules=True))
        if isinstance(inside, Unread):
            inside = _not_entered(inside)
        inside = self._with_stopped(inside)
        view = replace(inside.view, programs=inside.view.programs | self._programs(container))
        return replace(inside, view=self._with_files(view, container))

    def _visit_host(self) -> Visited:
        found = self._with_stopped(self._visit_here(rules=False))
        cgroups = {one.cgroup_id for one in found.view.listeners if one.cgroup_id}
        return replace(found, view=replace(found.view, socket_programs=read_programs_of(self._sysfs, cgroups)))

    def _programs(self, container: Container) -> frozenset[str]:
        seen = container.pid and is_visible(self._procfs, container)
        return read_programs(self._procfs, self._sysfs, container.pid) if seen else frozenset()

    def _with_stopped(self, visited: Visited) -> Visited:
        if self._halted is None:
            self._halted = read_halted(self._procfs)
        stopped = read_stopped(self._procfs, visited.view.listeners, self._halted)
        frozen = self._halted.frozen.intersection(stopped.values())
        return replace(visited, view=replace(visited.view, stopped=stopped, frozen=frozen)) if stopped else visited

    def _visit_here(self, *, rules: bool) -> Visited:
        sock = read_part(NAMESPACE, "the devices", "", open_socket)
        if isinstance(sock, Unread):
            return _not_entered(sock)
        self._opened.enter_context(sock)
        ports = read_part(NAMESPACE, "the local ports", "", LocalPorts)
        free = _unknown if isinstance(ports, Unread) else self._opened.enter_context(contextlib.closing(ports)).free
        return Visited(read_view(sock, rules=rules), partial(look_up, sock), free)

    def _with_files(self, view: NamespaceView, container: Container) -> NamespaceView:
        if not is_visible(self._procfs, container):
            return replace(view, unread=(*view.unread, HIDDEN_PROCESS))
        read = partial(FILE_READER.run, partial(read_files, self._procfs, container.pid))
        files = read_part(FILES, "the files /etc/hosts and /etc/resolv.conf", "CAP_SYS_PTRACE", read)
        # The root was opened between two looks at the pid: it is not that of a process which has it since.
        if not isinstance(files, Unread) and not is_visible(self._procfs, container):
            files = HIDDEN_PROCESS
        if isinstance(files, Unread):
            return replace(view, unread=(*view.unread, files))
        return replace(view, hosts=files[0], resolv_conf=files[1])


def _unknown(_: RouteQuery) -> None:
    """The number of local ports that are left where they could not be read."""


def _not_entered(unread: Unread) -> Visited:
    return Visited(NamespaceView(unread=(unread,)), lambda _: NOT_ENTERED)


def read_view(sock: socket.socket, *, rules: bool) -> NamespaceView:
    """Read the calling thread's namespace, to which the rtnetlink socket belongs; a failure costs its part."""
    devices = read_part(NAMESPACE, "the devices", "", lambda: read_devices(sock))
    neighbours = read_part(NAMESPACE, "the neighbours", "", lambda: read_known_neighbours(sock))
    switches = read_part(NAMESPACE, "the switches of br_netfilter", "", read_bridge_filter)
    filters = read_part(FILTERS, "the tc filters and BPF programs", "", lambda: read_device_filters(sock))
    nft = read_part(RULES, "the rules of nf_tables", "CAP_NET_ADMIN", read_nft) if rules else ()
    arp = read_part(RULES, "the rules for ARP", "CAP_NET_ADMIN", read_arp_hooks)
    ipsec = read_part(RULES, "the IPsec policies", "CAP_NET_ADMIN", read_ipsec_policies)
    legacy = read_part(RULES, "the rules of iptables-legacy", "CAP_DAC_READ_SEARCH", read_legacy) if rules else ()
    sockets = read_part(LISTENERS, "the listening sockets", "", read_sockets)
    parts = (devices, neighbours, switches, filters, ipsec, nft, legacy, arp, sockets)
    found = {} if isinstance(devices, Unread) else devices
    known = Sockets() if isinstance(sockets, Unread) else sockets
    return NamespaceView(
        devices=found,
        neighbours=() if isinstance(neighbours, Unread) else neighbours,
        rulesets=tuple(ruleset for found in (nft, legacy) if not isinstance(found, Unread) for ruleset in found),
        listeners=tuple(known.listeners),
        full=frozenset(known.full),
        keys=known.keys,
        marks=known.marks,
        waiting=known.waiting,
        bridge_filter=frozenset() if isinstance(switches, Unread) else switches,
        filters=(
            *(() if isinstance(filters, Unread) else filters),
            *(() if isinstance(arp, Unread) else at_devices(arp, found)),
        ),
        ipsec=() if isinstance(ipsec, Unread) else ipsec,
        ttl=read_ttl(),
        untracked=read_untracked(),
        programs=frozenset({SOCKET_LOOKUP} if has_socket_lookup() else ()),
        unread=tuple(part for part in parts if isinstance(part, Unread)),
    )


def look_up(sock: socket.socket, query: RouteQuery) -> RouteResult:
    """Look up a route. A socket that fails or an answer in an unknown form is an error that no route has."""
    try:
        return read_result(sock, query)
    except TimeoutError:
        return RouteResult(error=errno.ETIMEDOUT)
    except (OSError, LookupError, ValueError, struct.error) as error:
        return RouteResult(error=getattr(error, "errno", None) or errno.EBADMSG)
