"""Counters inside containers' namespaces: of macvlan, ipvlan and overlay endpoints, which have no veth on the host.

Read from /proc/PID/net/dev where the process is visible, which takes no lock and no privilege; else from a link dump
of the other namespace, which needs CAP_NET_ADMIN. Nothing stays open: that would keep the namespace alive.
"""

import contextlib
import errno
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from exporter.core.model.docker import Interface
from exporter.core.model.kernel_sample import NamespaceInterface, StatsRow, swapped
from exporter.kernel.links.links import read_interface_stats
from exporter.kernel.namespaces.addresses import parse_if_inet6, parse_route_table
from exporter.kernel.netlink.client import MAX_INSIDE, open_socket
from exporter.kernel.proc import is_container_process, parse_net_dev, read_text

LOOPBACK = "lo"

Reading = tuple[Any, ...]


def read_names(procfs: Path, pid: int, container_id: str) -> tuple[Interface, ...]:
    """Return the interfaces in a container's namespace by name and networks; none when its process is not visible."""
    net = procfs / str(pid) / "net"
    try:
        if not is_container_process(procfs, pid, container_id):
            return ()
        found = parse_net_dev(read_text(net / "dev", MAX_INSIDE))
    except OSError:
        return ()
    networks = _read_networks(net)
    return tuple(Interface(0, name, networks=networks.get(name, ())) for name in found if name != LOOPBACK)


def _read_networks(net: Path) -> dict[str, tuple[str, ...]]:
    """Read the networks of each interface; none without a file for its family, or in another form than known."""
    found: dict[str, tuple[str, ...]] = {}
    for file, parse in (("route", parse_route_table), ("if_inet6", parse_if_inet6)):
        with contextlib.suppress(OSError, ValueError):
            for name, networks in parse(read_text(net / file, MAX_INSIDE)).items():
                found[name] = (*found.get(name, ()), *networks)
    return found


class InterfaceCounterReader:
    """Reads the counters of interfaces in other namespaces, by an rtnetlink socket of the host's."""

    def __init__(self, procfs: Path, sock: socket.socket) -> None:
        self._procfs = procfs
        self._socket = sock

    def start(self) -> None:
        """Do nothing: there is no thread."""

    def stop(self) -> None:
        """Close the socket."""
        self._socket.close()

    def read(self, wanted: Iterable[NamespaceInterface]) -> list[Reading]:
        """Read each wanted interface: its key, then its counters as the host's end of a veth would show them.

        A container or an interface that is gone has no reading.
        """
        namespaces: dict[tuple[int, int], list[NamespaceInterface]] = {}
        for inside in wanted:
            namespaces.setdefault((inside.pid, inside.nsid), []).append(inside)
        readings: list[Reading] = []
        for (pid, nsid), devices in namespaces.items():
            with contextlib.suppress(OSError):
                found = self._read_namespace(pid, nsid)
                readings += [
                    (device.key, *swapped(found[device.interface.name])[1:])
                    for device in devices
                    if device.interface.name in found
                ]
        return readings

    def _read_namespace(self, pid: int, nsid: int) -> dict[str, StatsRow]:
        """Return name -> row of the interfaces in one namespace."""
        if pid:
            with contextlib.suppress(OSError):
                found = parse_net_dev(read_text(self._procfs / str(pid) / "net/dev", MAX_INSIDE))
                return {name: (0, *counters) for name, counters in found.items()}
        try:
            return read_interface_stats(self._socket, nsid)
        except OSError as error:
            if error.errno == errno.EMSGSIZE:  # the kernel goes on with that dump, on this socket
                self._socket.close()
                self._socket = open_socket()
            raise
