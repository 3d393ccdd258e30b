"""Token buckets, as golang.org/x/time/rate has them, one for each client."""

from collections.abc import Hashable

from exporter.core.model.bounded_dict import BoundedDict
from exporter.web.access.config import RateLimit

MAX_CLIENTS = 4096


class TokenBucket:
    """Full at first, with `burst` tokens; each interval adds one. Times are in seconds of any clock."""

    def __init__(self, limit: RateLimit, now: float) -> None:
        self._limit = limit
        self._tokens = float(limit.burst)
        self._counted_at = now

    def try_acquire(self, now: float) -> bool:
        """Take a token; return whether there was one."""
        grown = self._tokens + (now - self._counted_at) / self._limit.interval
        self._tokens = min(float(self._limit.burst), grown)
        self._counted_at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class RateLimiter:
    """A bucket for each client, of one limit at a time; the clients that came longest ago are evicted."""

    def __init__(self, max_clients: int = MAX_CLIENTS) -> None:
        self._limit: RateLimit | None = None
        self._buckets: BoundedDict[Hashable, TokenBucket] = BoundedDict(max_clients)

    def try_acquire(self, client: Hashable, limit: RateLimit, now: float) -> bool:
        """Take a token of a client; return whether there was one. Another limit than before begins anew."""
        if limit != self._limit:
            self._limit = limit
            self._buckets.clear()
        bucket = self._buckets.get(client) or TokenBucket(limit, now)
        self._buckets[client] = bucket  # written again: the most recent client is evicted last
        return bucket.try_acquire(now)
