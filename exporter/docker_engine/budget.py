"""HTTP answers with a budget: a total time and a total size, from the first byte of the head to the last of the body.

A socket's time-out is one between two pieces: an engine that sends a byte a second would never exceed it.
"""

import http.client
import io
import math
import socket
import time
from typing import Any

MIN_TIMEOUT = 0.001  # one of 0 would make the socket non-blocking


class Budget:
    """What the present answer may still take; one for each client, set anew for each request."""

    def __init__(self) -> None:
        self._deadline = math.inf
        self._bytes = 0

    def set(self, seconds: float, size: int) -> None:
        """Begin with so much."""
        self._deadline, self._bytes = time.monotonic() + seconds, size

    @property
    def is_late(self) -> bool:
        """Whether no time is left."""
        return time.monotonic() >= self._deadline

    def seconds(self) -> float:
        """Return the time that is left. Raises TimeoutError when there is none."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("answer took too long")
        return left

    def take(self, size: int) -> None:
        """Take bytes out. Raises OSError when fewer are left."""
        self._bytes -= size
        if self._bytes < 0:
            raise OSError("answer too large")


class BudgetReader(io.RawIOBase):
    """Reads a socket's file within a budget."""

    def __init__(self, raw: Any, sock: socket.socket, budget: Budget) -> None:
        self._raw, self._sock, self._budget = raw, sock, budget

    def readable(self) -> bool:
        """As io.BufferedReader requires."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read; each wait ends with the budget at the latest."""
        left, timeout = self._budget.seconds(), self._sock.gettimeout()
        is_shortened = timeout is None or left < timeout
        if is_shortened:
            self._sock.settimeout(max(left, MIN_TIMEOUT))
        try:
            count = self._raw.readinto(buffer)
        except TimeoutError:
            # The socket's clock may be a moment ahead of the budget's: one reason, whichever ends first.
            if not (is_shortened or self._budget.is_late):
                raise
            count = None
        if count is None:
            raise TimeoutError("answer took too long")
        self._budget.take(count)
        return int(count)

    def close(self) -> None:
        """Close the socket's file too."""
        self._raw.close()
        super().close()


class BudgetResponse(http.client.HTTPResponse):
    """A response that is read within a budget."""

    def __init__(self, sock: socket.socket, *args: Any, budget: Budget, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        buffered: Any = self.fp
        self.fp = io.BufferedReader(BudgetReader(buffered.detach(), sock, budget))
