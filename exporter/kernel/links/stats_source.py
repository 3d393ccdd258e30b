"""Counters of all links as one source: by RTM_GETSTATS in a thread, by /proc/net/dev when that takes too long."""

import concurrent.futures
from collections.abc import Callable, Mapping

from exporter.core.model.docker import Link
from exporter.core.model.kernel_sample import StatsRow
from exporter.kernel.links.stats import LinkStatsReader
from exporter.kernel.proc import read_net_dev

# Seconds. RTNL is one lock for the whole machine: a dump can wait for other namespaces being made. After this long the
# same counters are read from /proc/net/dev, which takes no lock.
TIMEOUT = 0.25


class LinkStatsSource:
    """Made in the host's network namespace; `links` returns its links by ifindex."""

    def __init__(self, links: Callable[[], Mapping[int, Link]]) -> None:
        self._links = links
        self._reader = LinkStatsReader()
        self._pool = concurrent.futures.ThreadPoolExecutor(1, "link_stats")
        self._pending: concurrent.futures.Future[list[StatsRow]] | None = None

    def start(self) -> None:
        """Do nothing: the thread starts with the first reading."""

    def stop(self) -> None:
        """End the thread and close the socket."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._reader.close()

    def read(self) -> list[StatsRow]:
        """Wait for the dump no longer than the timeout; one that is late is not started a second time."""
        if self._pending is None or self._pending.done():
            bridges = [ifindex for ifindex, link in self._links().items() if link.kind == "bridge"]
            self._pending = self._pool.submit(self._reader.read, bridges)
        try:
            return self._pending.result(TIMEOUT)
        except (concurrent.futures.TimeoutError, OSError):
            return read_net_dev({link.name: ifindex for ifindex, link in self._links().items()})
