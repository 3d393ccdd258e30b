"""A token bucket, as golang.org/x/time/rate is one."""

from exporter.web.access.config import RateLimit


class TokenBucket:
    """Full at first, with `burst` tokens; each interval brings one more. Time is told, in seconds of any clock."""

    def __init__(self, limit: RateLimit, now: float) -> None:
        self.limit = limit
        self._tokens = float(limit.burst)
        self._counted_at = now

    def take(self, now: float) -> bool:
        """Take a token; whether there was one."""
        grown = self._tokens + (now - self._counted_at) / self.limit.interval
        self._tokens = min(float(self.limit.burst), grown)
        self._counted_at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
