"""Wait for a socket without a poll interval: another thread ends the wait (eventfd(2))."""

import os
import select
import socket
from contextlib import suppress

MILLISECONDS = 1000


class SocketWait:
    """Waits for one socket. Any thread may call `end`."""

    def __init__(self, sock: socket.socket) -> None:
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._socket = sock.fileno()
        self._poll = select.poll()
        for descriptor in (self._socket, self._wake):
            self._poll.register(descriptor, select.POLLIN)

    def until_readable(self, seconds: float | None = None) -> bool:
        """Wait for at most so many seconds, None is for ever; return whether the socket can be read or has an error."""
        found = self._poll.poll(None if seconds is None else seconds * MILLISECONDS)
        with suppress(BlockingIOError):
            os.eventfd_read(self._wake)
        return any(descriptor == self._socket for descriptor, _ in found)

    def end(self) -> None:
        """End the wait of this moment, or the next one."""
        os.eventfd_write(self._wake, 1)

    def close(self) -> None:
        """Close the eventfd; the socket stays open."""
        os.close(self._wake)
