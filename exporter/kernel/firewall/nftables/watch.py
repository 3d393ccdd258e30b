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
from exporter.kernel.firewall.nftables.dump import DELRULE, FAMILIES, HALF, NEWGEN, SUBSYSTEM, generation
from exporter.kernel.firewall.nftables.reader import COUNTED_TABLES, parse_ended
from exporter.kernel.netlink.nfnetlink import DATAGRAM, NFGENMSG, number, open_socket, text, walk
from exporter.kernel.netlink.rtnetlink import NETLINK_ADD_MEMBERSHIP, SO_RCVBUFFORCE, SOL_NETLINK, messages

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
            try:
                family, _, _ = NFGENMSG.unpack_from(data, start)
                self._take(kind - SUBSYSTEM, family, data[start + NFGENMSG.size : end])
            except (LookupError, ValueError, struct.error):  # of no known form: as good as lost, and the next may be
                self.overflows += 1
                log.warning("a change of rules was not understood", overflows=self.overflows)
        return True

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
            if ended.rule.table in COUNTED_TABLES:
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
