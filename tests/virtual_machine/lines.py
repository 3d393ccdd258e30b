"""JSON documents over a socket, one a line, each with a deadline."""

import json
import socket
import time
from types import TracebackType
from typing import Any, Final, Self

PATIENCE_SECONDS: Final = 900  # for anything that a machine does: it is emulated, and its host may be busy


class Lines:
    """One end of such a conversation."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._rest = b""

    def send(self, document: dict[str, Any], seconds: float) -> None:
        """Send one document; TimeoutError when the other end does not take it."""
        self._connection.settimeout(seconds)
        self._connection.sendall(json.dumps(document).encode() + b"\n")

    def receive(self, seconds: float) -> dict[str, Any]:
        """The next document; TimeoutError when there is none in time, EOFError when the other end has gone."""
        deadline = time.monotonic() + seconds
        parts = [self._rest]
        while b"\n" not in parts[-1]:
            self._connection.settimeout(max(deadline - time.monotonic(), 0.001))
            if not (data := self._connection.recv(1 << 16)):
                raise EOFError("the machine has ended")
            parts.append(data)
        line, _, self._rest = b"".join(parts).partition(b"\n")
        document: dict[str, Any] = json.loads(line)
        return document

    def close(self) -> None:
        """Close the socket."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
