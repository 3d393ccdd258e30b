"""HTTP answers with a budget: a total time and a total size, from the first byte of the head to the last of the body.

A time-out of requests is one between two pieces: an engine that sends a byte a second would never exceed it.
"""

import http.client
import io
import math
import socket
import time
from functools import partial
from typing import Any

import requests.adapters
import urllib3
from docker.transport import UnixHTTPAdapter
from docker.transport.unixconn import UnixHTTPConnectionPool

MIN_TIMEOUT = 0.001  # one of 0 would make the socket non-blocking


class Budget:
    """What the present answer may still take; one for each client, set anew for each request."""

    def __init__(self) -> None:
        self._deadline = math.inf
        self._bytes = 0

    def set(self, seconds: float, size: int) -> None:
        """Begin with so much."""
        self._deadline, self._bytes = time.monotonic() + seconds, size

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
        if timeout is None or left < timeout:
            self._sock.settimeout(max(left, MIN_TIMEOUT))
        count = self._raw.readinto(buffer)
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


class UnixAdapter(UnixHTTPAdapter):  # type: ignore[misc]  # docker-py has no types
    """One connection: docker-py keeps one for each path of the API over a unix socket, up to 25."""

    def __init__(self, socket_path: str, timeout: float, budget: Budget) -> None:
        self._budget = budget
        super().__init__(f"http+unix://{socket_path}", timeout, pool_connections=1)

    def get_connection(self, url: str, proxies: Any = None) -> Any:  # noqa: ARG002  as docker-py calls it
        """Return the pool of the address."""
        with self.pools.lock:
            if url not in self.pools:
                self.pools[url] = UnixPool(self._budget, url, self.socket_path, self.timeout)
            return self.pools[url]


class UnixPool(UnixHTTPConnectionPool):  # type: ignore[misc]
    """Makes connections whose answers are within the budget."""

    def __init__(self, budget: Budget, *args: Any) -> None:
        self._response = partial(BudgetResponse, budget=budget)
        super().__init__(*args, maxsize=1)

    def _new_conn(self) -> Any:
        connection = super()._new_conn()
        connection.response_class = self._response
        return connection


class TcpAdapter(requests.adapters.HTTPAdapter):
    """The same for an engine that listens on TCP, with TLS or without."""

    def __init__(self, budget: Budget) -> None:
        response = partial(BudgetResponse, budget=budget)

        class Pool(urllib3.HTTPConnectionPool):
            def _new_conn(self) -> Any:
                connection = super()._new_conn()
                connection.response_class = response  # type: ignore[attr-defined]
                return connection

        class TlsPool(urllib3.HTTPSConnectionPool):
            def _new_conn(self) -> Any:
                connection = super()._new_conn()
                connection.response_class = response  # type: ignore[attr-defined]
                return connection

        super().__init__(pool_connections=1)
        self.poolmanager.pool_classes_by_scheme = {"http": Pool, "https": TlsPool}
