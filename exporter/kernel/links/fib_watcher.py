"""Route lookups between scrapes: each new query is answered, and all are repeated when routing changes.

The kernel notifies changes of routes, policy rules, nexthops, of forwarding and rp_filter (RTNLGRP_*_NETCONF), and of
addresses, which `on_change` reports too.
"""

import threading
from collections.abc import Callable

from exporter.core.model.fib import NO_LOOKUPS, FibReading, RouteQuery
from exporter.core.model.kernel_sample import SourceState
from exporter.kernel.links.fib import read_results
from exporter.kernel.links.netconf import read_ipv4_forwarding
from exporter.kernel.netlink.client import drain, open_socket
from exporter.kernel.netlink.socket_wait import SocketWait
from exporter.log import get_logger

# linux/rtnetlink.h: RTNLGRP_IPV4_IFADDR, IPV4_ROUTE, IPV4_RULE, IPV6_IFADDR, IPV6_ROUTE, IPV6_RULE, IPV4_NETCONF,
# IPV6_NETCONF, NEXTHOP.
ROUTING_GROUPS = (5, 7, 8, 9, 11, 19, 24, 25, 32)
RETRY_SECONDS = 5.0
SETTLE_SECONDS = 0.1  # a routing daemon or a starting container changes several routes in a row
NAME = "routes"

log = get_logger(component=NAME)


class FibWatcher:
    """A thread that answers RouteQuery. Create it in the network namespace whose routes it looks up.

    `reading` and `state` are single values that the thread replaces: readable from any thread.
    """

    def __init__(self, on_change: Callable[[], None] = lambda: None, retry_interval: float = RETRY_SECONDS) -> None:
        """`on_change` is called after each notification, and must not block.

        `retry_interval` are the seconds from lookups that failed to the next.
        """
        self._on_change = on_change
        self._retry_interval = retry_interval
        self._changes = open_socket(groups=ROUTING_GROUPS, timeout=0)
        self._socket = open_socket()
        self._wait = SocketWait(self._changes)
        self._stopped = threading.Event()
        self._queries: frozenset[RouteQuery] = frozenset()
        self._thread = threading.Thread(target=self._run, name=NAME, daemon=True)
        self.reading = FibReading()
        self.state = SourceState(NAME, up=True)

    def start(self) -> None:
        """Begin to follow changes of routing."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread and close the sockets."""
        self._stopped.set()
        self._wait.end()
        if self._thread.is_alive():
            self._thread.join()
        self._wait.close()
        self._changes.close()
        self._socket.close()

    def update_queries(self, queries: frozenset[RouteQuery]) -> None:
        """Replace the queries; results of new ones follow in milliseconds."""
        if queries != self._queries:
            self._queries = queries
            self._wait.end()

    def _run(self) -> None:
        while not self._stopped.is_set():  # the wait in `_drain` may have consumed the event of `stop`
            self._wait.until_readable(None if self.state.up else self._retry_interval)
            if not self._stopped.is_set():
                self._step()

    def _step(self) -> None:
        try:
            self._read(keep=not self._drain())
        except Exception as error:  # without this thread the last results would be taken for those of now
            if self.state.up:
                log.warning("route lookup failed, retrying", error=str(error), exc_info=not isinstance(error, OSError))
            self.reading, self.state = NO_LOOKUPS, SourceState(NAME, up=False, error=str(error) or repr(error))
        else:
            self.state = SourceState(NAME, up=True)

    def _read(self, *, keep: bool) -> None:
        """Look up; `keep` reuses the results of queries that were there before."""
        queries, known = self._queries, self.reading.results
        kept = {query: known[query] for query in queries if query in known} if keep else {}
        results = {**kept, **read_results(self._socket, queries - kept.keys())}
        devices = {query.ifindex for query in queries if query.ifindex}
        forwarding = {ifindex: read_ipv4_forwarding(self._socket, ifindex) for ifindex in devices}
        self.reading = FibReading(results, {i: on for i, on in forwarding.items() if on is not None})

    def _drain(self) -> bool:
        """Read all notifications until none arrives for a moment; return whether there was one."""
        changed = False
        while drain(self._changes):
            changed = True
            self._on_change()
            if not self._wait.until_readable(SETTLE_SECONDS):
                break
        return changed
