"""Hear of every change to the host's devices and namespaces, so that a scrape need not ask.

Subscribed first, dumped second, followed third. When the socket overflows (ENOBUFS) the table is dumped anew: what
ended in the gap keeps the counters that were heard last. A dump that fails is asked for again until one succeeds.
"""

import contextlib
import errno
import struct
import threading
import time
from collections.abc import Mapping
from types import MappingProxyType

import structlog
from pyroute2.netlink.rtnl import RTM_DELLINK, RTM_DELNSID, RTM_NEWLINK

from exporter.core.model.docker import Link
from exporter.core.model.kernel_sample import EndedLink
from exporter.kernel.links.links import LinkMessage, parse_link, read_link, read_links
from exporter.kernel.links.table import LinkTable
from exporter.kernel.netlink.client import MAX_DATAGRAM, open_socket
from exporter.kernel.netlink.messages import messages
from exporter.kernel.netlink.nsid import ALL_NSIDS, parse_nsid

RTNLGRP_LINK, RTNLGRP_NSID = 1, 28
RECEIVE_BUFFER = 32 << 20  # about 700 lives of a container; the usual cap of 208 KiB holds four
LOOK_SECONDS = 0.2
WAKE_SECONDS = 0.5  # how soon the thread notices that it should stop

log = structlog.get_logger(component="links")


class LinkWatcher:
    """A thread that keeps a LinkTable. Made in the network namespace that it watches."""

    def __init__(self) -> None:
        self._socket = open_socket(
            receive_buffer=RECEIVE_BUFFER, groups=(RTNLGRP_LINK, RTNLGRP_NSID), timeout=WAKE_SECONDS
        )
        self._dumps = open_socket(timeout=10)
        # The listener itself asks by this one: it must not be away for long.
        self._questions = open_socket(timeout=LOOK_SECONDS)
        self._table = LinkTable()
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="links", daemon=True)
        self._freed: set[int] = set()
        self.overflows = 0
        self.stale = ""  # why the devices may be old; '' while they are current
        self._again_at = 0.0
        self._snapshot: tuple[int, Mapping[int, Link]] = (-1, MappingProxyType({}))

    def start(self) -> None:
        """Dump the devices, then follow. Raises OSError when the kernel refuses."""
        self._dump()
        self._thread.start()

    def stop(self) -> None:
        """End the thread and close the sockets."""
        self._stopped.set()
        if self._thread.ident:
            self._thread.join()
        self._socket.close()
        self._dumps.close()
        self._questions.close()

    def links(self) -> tuple[int, Mapping[int, Link]]:
        """Return a generation and the devices in it: the same object while nothing changed."""
        with self._lock:
            if self._snapshot[0] != self._table.generation:
                self._snapshot = (self._table.generation, MappingProxyType(dict(self._table.links)))
            return self._snapshot

    def take_ended(self) -> list[EndedLink]:
        """Hand over the veths that ended since the last call."""
        with self._lock:
            return self._table.take_ended()

    def take_freed(self) -> set[int]:
        """Hand over the nsids that were freed since the last call; ALL_NSIDS among them when some were not heard."""
        with self._lock:
            freed, self._freed = self._freed, set()
            return freed

    def _dump(self) -> None:
        dump = read_links(self._dumps)
        with self._lock:
            self._table.replace(dump)

    def _follow(self) -> None:
        buffer = memoryview(bytearray(MAX_DATAGRAM))
        while not self._stopped.is_set():
            if self.stale and time.monotonic() >= self._again_at:
                self._read_again()
            try:
                size = self._socket.recv_into(buffer)
            except TimeoutError:
                continue
            except OSError as error:
                self._recover(error)
                continue
            try:
                self._take(buffer[:size])
            except Exception as error:
                # A message of no known form must not end the following; a dump puts things right.
                log.exception("link message not understood")
                self._recover(error)

    def _take(self, data: memoryview) -> None:
        heard: list[LinkMessage] = []
        freed: set[int] = set()
        for kind, _, _, start, end in messages(data):
            if kind in (RTM_NEWLINK, RTM_DELLINK):
                parsed = parse_link(kind, data, start, end)
                if parsed is not None:
                    heard.append(parsed)
            elif kind == RTM_DELNSID:
                freed.add(parse_nsid(data, start, end))
        self._apply(heard, freed)
        self._look_once_more(freed)

    def _apply(self, heard: list[LinkMessage], freed: set[int]) -> None:
        with self._lock:
            self._freed |= freed
            for message in heard:
                self._table.apply(message)

    def _look_once_more(self, freed: set[int]) -> None:
        """A namespace that dies without giving its devices back (a crash, podman): read its veths before they go."""
        with self._lock:
            ifindexes = [ifindex for nsid in freed for ifindex in self._table.in_namespace(nsid)]
        for ifindex in ifindexes:
            with contextlib.suppress(OSError):
                self._apply(read_link(self._questions, ifindex), set())

    def _recover(self, error: Exception) -> None:
        if isinstance(error, OSError) and error.errno == errno.ENOBUFS:
            self.overflows += 1
            log.warning("link messages lost, reading all devices again", overflows=self.overflows)
        else:
            log.warning("link messages interrupted, reading all devices again", error=str(error))
            self._stopped.wait(WAKE_SECONDS)
        self._read_again()
        with self._lock:
            self._freed.add(ALL_NSIDS)

    def _read_again(self) -> None:
        try:
            self._dump()
        except (OSError, LookupError, ValueError, struct.error) as failure:
            if not self.stale:
                log.warning("devices could not be read, trying until they can", error=str(failure))
            self.stale = f"devices could not be read again: {failure}"
            self._again_at = time.monotonic() + WAKE_SECONDS
        else:
            self.stale = ""
