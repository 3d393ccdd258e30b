"""The host's links and nsids, kept current by the kernel's notifications: a scrape reads no table.

The watcher subscribes, dumps, then applies notifications. When the socket overflows (ENOBUFS) it dumps again: links
that ended in the gap keep the counters last received. A dump that fails is repeated until one succeeds.
"""

import contextlib
import errno
import struct
import threading
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType

from exporter.core.model.docker import Link
from exporter.core.model.kernel_sample import EndedLink
from exporter.kernel.links.links import LinkMessage, parse_link, read_link, read_links
from exporter.kernel.links.table import LinkTable
from exporter.kernel.netlink.client import MAX_DATAGRAM, open_socket
from exporter.kernel.netlink.messages import messages
from exporter.kernel.netlink.nsid import ALL_NSIDS, parse_nsid
from exporter.kernel.netlink.numbers import RTM_DELLINK, RTM_DELNSID, RTM_NEWLINK
from exporter.kernel.netlink.socket_wait import SocketWait
from exporter.log import get_logger

RTNLGRP_LINK, RTNLGRP_NSID = 1, 28
RECEIVE_BUFFER = 32 << 20  # about 700 lives of a container; the usual cap of 208 KiB holds four
READ_TIMEOUT = 0.2
RETRY_SECONDS = 0.5

log = get_logger(component="links")


class LinkWatcher:
    """A thread that keeps a LinkTable. Made in the network namespace that it watches."""

    def __init__(self, retry_interval: float = RETRY_SECONDS, on_change: Callable[[], None] = lambda: None) -> None:
        """`retry_interval` are the seconds between a failure and the next dump; `on_change` must not block."""
        self._retry_interval = retry_interval
        self._on_change = on_change
        self._socket = open_socket(receive_buffer=RECEIVE_BUFFER, groups=(RTNLGRP_LINK, RTNLGRP_NSID), timeout=0)
        self._wait = SocketWait(self._socket)
        self._dumps = open_socket(timeout=10)
        # Used by the thread between notifications, which must not wait for long.
        self._requests = open_socket(timeout=READ_TIMEOUT)
        self._table = LinkTable()
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="links", daemon=True)
        self._freed: set[int] = set()
        self.overflows = 0
        self.stale = ""  # why the links may be outdated; '' while they are current
        self._retry_at = 0.0
        self._snapshot: tuple[int, Mapping[int, Link]] = (-1, MappingProxyType({}))

    def start(self) -> None:
        """Dump the links, then apply notifications. Raises OSError when the kernel refuses."""
        self._dump()
        self._thread.start()

    def stop(self) -> None:
        """End the thread and close the sockets."""
        self._stopped.set()
        self._wait.end()
        if self._thread.ident:
            self._thread.join()
        self._wait.close()
        self._socket.close()
        self._dumps.close()
        self._requests.close()

    def links(self) -> tuple[int, Mapping[int, Link]]:
        """Return a generation and its links by ifindex: the same object while nothing changed."""
        with self._lock:
            if self._snapshot[0] != self._table.generation:
                self._snapshot = (self._table.generation, MappingProxyType(dict(self._table.links)))
            return self._snapshot

    def drain_ended(self) -> list[EndedLink]:
        """Return the links that ended since the last call."""
        with self._lock:
            return self._table.drain_ended()

    def drain_freed(self) -> set[int]:
        """Return the nsids freed since the last call; ALL_NSIDS is one of them when notifications were lost."""
        with self._lock:
            freed, self._freed = self._freed, set()
            return freed

    def _dump(self) -> None:
        dump = read_links(self._dumps)
        with self._lock:
            self._table.replace(dump)
        self._on_change()

    def _run(self) -> None:
        buffer = memoryview(bytearray(MAX_DATAGRAM))
        while not self._stopped.is_set():
            if self.stale and time.monotonic() >= self._retry_at:
                self._dump_again()
            if not self._wait.until_readable(self._retry_interval if self.stale else None):
                continue
            try:
                size = self._socket.recv_into(buffer)
            except BlockingIOError:
                continue
            except OSError as error:
                self._recover(error)
                continue
            try:
                self._receive(buffer[:size])
            except Exception as error:
                log.exception("link message not understood")  # a dump follows
                self._recover(error)

    def _receive(self, data: memoryview) -> None:
        received: list[LinkMessage] = []
        freed: set[int] = set()
        for kind, _, _, start, end in messages(data):
            if kind in (RTM_NEWLINK, RTM_DELLINK):
                parsed = parse_link(kind, data, start, end)
                if parsed is not None:
                    received.append(parsed)
            elif kind == RTM_DELNSID:
                freed.add(parse_nsid(data, start, end))
        self._apply(received, freed)
        self._read_last_counters(freed)

    def _apply(self, received: list[LinkMessage], freed: set[int]) -> None:
        with self._lock:
            before = self._table.generation
            self._freed |= freed
            for message in received:
                self._table.apply(message)
            changed = self._table.generation != before
        if changed:
            self._on_change()

    def _read_last_counters(self, freed: set[int]) -> None:
        """Read the veths of a namespace that ended without returning its devices (a crash, podman), before they end."""
        with self._lock:
            ifindexes = [ifindex for nsid in freed for ifindex in self._table.in_namespace(nsid)]
        for ifindex in ifindexes:
            with contextlib.suppress(OSError):
                self._apply(read_link(self._requests, ifindex), set())

    def _recover(self, error: Exception) -> None:
        if isinstance(error, OSError) and error.errno == errno.ENOBUFS:
            self.overflows += 1
            log.warning("link notifications lost, dumping links again", overflows=self.overflows)
        else:
            log.warning("link notifications failed, dumping links again", error=str(error))
            self._stopped.wait(self._retry_interval)
        self._dump_again()
        with self._lock:
            self._freed.add(ALL_NSIDS)

    def _dump_again(self) -> None:
        try:
            self._dump()
        except (OSError, LookupError, ValueError, struct.error) as failure:
            if not self.stale:
                log.warning("link dump failed, retrying", error=str(failure))
            self.stale = f"link dump failed: {failure}"
            self._retry_at = time.monotonic() + self._retry_interval
        else:
            self.stale = ""
