"""Hear of every change to the rules of nf_tables: who made it, and what each rule had counted at its end.

Order is part of what makes sums exact: a dump tells its generation, and what ended up to it is taken before the dump,
what ended later after it.
"""

import contextlib
import errno
import select
import socket
import struct
from collections import deque

import structlog

from exporter.core.nat.reading import Ended
from exporter.kernel.firewall.nftables import nfta
from exporter.kernel.firewall.nftables.dump import DELRULE, FAMILIES, HALF, NEWGEN, ROUTED, SUBSYSTEM, generation
from exporter.kernel.firewall.nftables.reader import COUNTED_TABLES, parse_ended
from exporter.kernel.netlink.client import MAX_DATAGRAM, NETLINK_ADD_MEMBERSHIP, SO_RCVBUFFORCE, SOL_NETLINK
from exporter.kernel.netlink.messages import MalformedError, head, messages, text, walk
from exporter.kernel.netlink.nfnetlink import NFGENMSG, number, open_socket

GROUP = 7  # NFNLGRP_NFTABLES
# Writing a thousand rules anew tells two thousand messages; 208 KiB hold 294 of them.
RECEIVE_BUFFER = 8 << 20
PATIENCE = 0.2  # seconds for the end of a generation that a dump has seen already

log = structlog.get_logger(component="nat")


class NftWatch:
    """The notifications, kept until they are asked for; used under the lock of who owns it."""

    def __init__(self) -> None:
        self.socket = open_socket()
        with contextlib.suppress(PermissionError):
            self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER)
        # Without the right to listen there is none to read either: the reader tells.
        with contextlib.suppress(PermissionError):
            self.socket.setsockopt(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, GROUP)
        self._heard: deque[Ended | int] = deque()
        # The last one whose ends were handed over; what changes after this is heard.
        self._passed = _now()
        self.changes = 0
        self.overflows = 0

    def close(self) -> None:
        """Hear no more."""
        self.socket.close()

    def hear(self, timeout: float = 0.0) -> bool:
        """Take what is waiting, after waiting for it if there is a timeout; False when there was nothing."""
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
                self._take_message(kind, data, start, end)
        except MalformedError as error:
            self._lose(error)
        return True

    def _lose(self, error: Exception) -> None:
        """Count a notification that was lost, or was not understood, which is the same."""
        self.overflows += 1
        log.warning("nftables notifications lost, final counters incomplete", error=str(error), lost=self.overflows)

    def _take_message(self, kind: int, data: bytes, start: int, end: int) -> None:
        try:
            family, _, _ = head(NFGENMSG, data, start, end, "a change of rules")
            self._take(kind - SUBSYSTEM, family, data[start + NFGENMSG.size : end])
        except (LookupError, ValueError, struct.error) as error:
            self._lose(error)

    def wait(self, timeout: float) -> bool:
        """Wait until something is told; nothing is taken."""
        return bool(select.select([self.socket], [], [], timeout)[0])

    def hear_all(self) -> None:
        """Take all that is waiting."""
        while self.hear():
            pass

    def ended_until(self, until: int) -> list[Ended]:
        """Hand over what ended up to a generation; what ended later stays."""
        ended: list[Ended] = []
        overflows = self.overflows
        self.hear_all()
        while self._passed != until:
            while self._heard:
                item = self._heard.popleft()
                if isinstance(item, Ended):
                    ended.append(item)
                else:
                    self._passed = item
                    if item == until:
                        return ended
            if self.overflows != overflows or not self.hear(PATIENCE):
                self._passed = until  # its end was lost
        return ended

    def _take(self, command: int, family: int, message: bytes) -> None:
        if command == DELRULE and family in FAMILIES:
            ended = parse_ended(family, message)
            if ended.rule.table in COUNTED_TABLES and ended.rule.family in ROUTED:
                self._heard.append(ended)
        elif command == NEWGEN:
            parts = dict(walk(message))
            self._heard.append(number(parts[nfta.GEN_ID]) & HALF)
            self.changes += 1
            log.debug(
                "rules changed",
                by=text(parts.get(nfta.GEN_PROC_NAME, b"")),
                pid=number(parts.get(nfta.GEN_PROC_PID, b"")),
            )


def _now() -> int:
    """The generation that there is now; -1 without the right to ask."""
    with contextlib.suppress(OSError), open_socket() as sock:
        return generation(sock) & HALF
    return -1
