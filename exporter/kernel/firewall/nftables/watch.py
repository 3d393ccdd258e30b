"""Notifications of nf_tables: changes of rules, and the final counters of deleted rules.

Their order makes sums exact: a dump has a generation, and final counters of rules deleted up to it are applied before
the dump, those of later ones after it.
"""

import contextlib
import errno
import socket
import struct
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from exporter.core.nat.reading import Ended
from exporter.kernel.firewall.nftables import nfta
from exporter.kernel.firewall.nftables.dump import DELRULE, FAMILIES, HALF, NEWGEN, ROUTED, SUBSYSTEM, generation
from exporter.kernel.firewall.nftables.reader import COUNTED_TABLES, parse_ended
from exporter.kernel.netlink.client import MAX_DATAGRAM, NETLINK_ADD_MEMBERSHIP, SO_RCVBUFFORCE, SOL_NETLINK
from exporter.kernel.netlink.messages import MalformedError, head, messages, text, walk
from exporter.kernel.netlink.nfnetlink import NFGENMSG, number, open_socket
from exporter.log import get_logger

GROUP = 7  # NFNLGRP_NFTABLES
# Replacing a thousand rules sends two thousand messages; 208 KiB hold 294 of them.
RECEIVE_BUFFER = 8 << 20
MAX_WRITERS = 8
GENERATION_TIMEOUT = 0.2  # seconds until the notifications of a generation that was dumped are taken for lost

log = get_logger(component="nat")


class NewGeneration(NamedTuple):
    """The end of a change: the generation that it made, and the process that made it, '' where it is not reported."""

    number: int
    process: str


class NftWatch:
    """Received notifications. Not thread-safe: the caller holds the lock."""

    def __init__(self, receive_buffer: int = RECEIVE_BUFFER, on_change: Callable[[], None] = lambda: None) -> None:
        """`receive_buffer` are the bytes of notifications that wait; with CAP_NET_ADMIN. `on_change` must not block."""
        self._on_change = on_change
        self.socket = open_socket()
        with contextlib.suppress(PermissionError):
            self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, receive_buffer)
        # Without the privilege to subscribe, reading fails too, and the reader reports it.
        with contextlib.suppress(PermissionError):
            self.socket.setsockopt(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, GROUP)
        self._received: deque[Ended | NewGeneration] = deque()
        self._writers: dict[str, None] = {}
        # The generation up to which deleted rules were returned; notifications of later ones follow.
        self._passed = _now()
        self.changes = 0
        self.overflows = 0

    def close(self) -> None:
        """Close the socket."""
        self.socket.close()

    def receive(self, timeout: float = 0.0) -> bool:
        """Receive one datagram, waiting at most `timeout` seconds for it; False when there is none."""
        self.socket.settimeout(timeout)
        try:
            data = self.socket.recv(MAX_DATAGRAM)
        except (TimeoutError, BlockingIOError):
            return False
        except OSError as error:
            if error.errno != errno.ENOBUFS:
                raise
            self._lose(error)
            return True
        try:
            for kind, _, _, start, end in messages(data):
                self._apply_message(kind, data, start, end)
        except MalformedError as error:
            self._lose(error)
        return True

    def _lose(self, error: Exception) -> None:
        """Count a notification that was lost, or was not understood, which is the same."""
        self.overflows += 1
        log.warning("nftables notifications lost, final counters incomplete", error=str(error), lost=self.overflows)

    def _apply_message(self, kind: int, data: bytes, start: int, end: int) -> None:
        try:
            family, _, _ = head(NFGENMSG, data, start, end, "a change of rules")
            self._apply(kind - SUBSYSTEM, family, data[start + NFGENMSG.size : end])
        except (LookupError, ValueError, struct.error) as error:
            self._lose(error)

    def receive_all(self) -> None:
        """Receive all waiting notifications."""
        while self.receive():
            pass

    def ended_until(self, until: int) -> list[Ended]:
        """Return the rules deleted up to a generation; later ones stay."""
        ended: list[Ended] = []
        overflows = self.overflows
        self.receive_all()
        while self._passed != until:
            while self._received:
                item = self._received.popleft()
                if isinstance(item, Ended):
                    ended.append(item)
                    continue
                self._pass(item)
                if item.number == until:
                    return ended
            if self.overflows != overflows or not self.receive(GENERATION_TIMEOUT):
                self._passed = until  # its end was lost
        return ended

    def drain_writers(self) -> tuple[str, ...]:
        """Return the names of the processes that made the generations since the last call, at most MAX_WRITERS."""
        writers, self._writers = tuple(self._writers), {}
        return writers

    def _pass(self, item: NewGeneration) -> None:
        self._passed = item.number
        if item.process and len(self._writers) < MAX_WRITERS:
            self._writers[item.process] = None

    def _apply(self, command: int, family: int, message: bytes) -> None:
        if command == DELRULE and family in FAMILIES:
            ended = parse_ended(family, message)
            if ended.rule.table in COUNTED_TABLES and ended.rule.family in ROUTED:
                self._received.append(ended)
        elif command == NEWGEN:
            parts = dict(walk(message))
            process = text(parts.get(nfta.GEN_PROC_NAME, b""))
            self._received.append(NewGeneration(number(parts[nfta.GEN_ID]) & HALF, process))
            self.changes += 1
            self._on_change()
            log.debug("rules changed", by=process, pid=number(parts.get(nfta.GEN_PROC_PID, b"")))


def _now() -> int:
    """Return the present generation; -1 without the privilege to read it."""
    with contextlib.suppress(OSError), open_socket() as sock:
        return generation(sock) & HALF
    return -1
