"""Hear of every change to the rules of nf_tables: who made it, and what each rule had counted at its end.

Order is part of what makes sums exact: a dump tells its generation, and what ended up to it is taken before the dump,
what ended later after it.
"""

import contextlib
import errno
import select
import socket
from collections import deque

import structlog

from exporter.core.nat.reading import Ended
from exporter.kernel.nftables import nfta
from exporter.kernel.nftables.reader import COUNTED_TABLES, parse_ended
from exporter.kernel.nftables.wire import (
    DATAGRAM,
    DELRULE,
    FAMILIES,
    HALF,
    NEWGEN,
    NFGENMSG,
    SUBSYSTEM,
    number,
    open_socket,
    text,
    walk,
)
from exporter.kernel.rtnetlink import NETLINK_ADD_MEMBERSHIP, SO_RCVBUFFORCE, SOL_NETLINK, messages

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
        self.socket.setsockopt(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, GROUP)
        self._heard: deque[Ended | int] = deque()
        self._newest = -1  # the last generation that was heard of
        self._passed = -1  # the last one whose ends were handed over
        self.changes = 0
        self.overflows = 0

    def close(self) -> None:
        """Hear no more."""
        self.socket.close()

    @property
    def newest(self) -> int:
        """The low 16 bits of the last generation that was heard of, -1 before any."""
        return self._newest

    def hear(self, timeout: float = 0.0) -> bool:
        """Take what is waiting, after waiting for it if there is a timeout; False when there was nothing."""
        self.socket.settimeout(timeout)
        try:
            data = self.socket.recv(DATAGRAM)
        except (TimeoutError, BlockingIOError):
            return False
        except OSError as error:
            if error.errno != errno.ENOBUFS:
                raise
            self.overflows += 1
            log.warning("changes of rules lost: their last packets are not counted", overflows=self.overflows)
            return True
        for kind, _, start, end in messages(data):
            family, _, _ = NFGENMSG.unpack_from(data, start)
            self._take(kind - SUBSYSTEM, family, data[start + NFGENMSG.size : end])
        return True

    def wait(self, timeout: float) -> bool:
        """Wait until something is told; nothing is taken."""
        return bool(select.select([self.socket], [], [], timeout)[0])

    def hear_all(self) -> None:
        """Take all that is waiting."""
        while self.hear():
            pass

    def ended_until(self, generation: int) -> list[Ended]:
        """Hand over what ended up to a generation; what ended later stays."""
        ended: list[Ended] = []
        overflows = self.overflows
        self.hear_all()
        if self._passed < 0 and not self._heard:
            self._passed = generation  # nothing has changed since this listens
        while self._passed != generation:
            while self._heard:
                item = self._heard.popleft()
                if isinstance(item, Ended):
                    ended.append(item)
                else:
                    self._passed = item
                    if item == generation:
                        return ended
            if self.overflows != overflows or not self.hear(PATIENCE):
                self._passed = generation  # its end was lost, or was told before this was heard
        return ended

    def _take(self, command: int, family: int, message: bytes) -> None:
        if command == DELRULE and family in FAMILIES:
            ended = parse_ended(family, message)
            if ended.rule.table in COUNTED_TABLES:
                self._heard.append(ended)
        elif command == NEWGEN:
            parts = dict(walk(message))
            self._newest = number(parts[nfta.GEN_ID]) & HALF
            self._heard.append(self._newest)
            self.changes += 1
            log.debug(
                "rules changed",
                by=text(parts.get(nfta.GEN_PROC_NAME, b"")),
                pid=number(parts.get(nfta.GEN_PROC_PID, b"")),
            )
