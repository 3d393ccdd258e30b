"""Bytes per second of endpoints, from two readings of their counters."""

from collections.abc import Iterable, Mapping

from exporter.core.views.host_view import EndpointView

Key = tuple[str, str]  # container, network
Rate = tuple[float, float]  # received, sent


def key_of(endpoint: EndpointView) -> Key:
    """Return the key of an endpoint."""
    return endpoint.container, endpoint.network


class Rates:
    """Compares each reading with the last one."""

    def __init__(self) -> None:
        self._before: dict[Key, tuple[int, int]] = {}
        self._at = 0.0

    def update(self, endpoints: Iterable[EndpointView], now: float) -> Mapping[Key, Rate]:
        """Return the rates of the endpoints that both readings have; `now` is in seconds of a clock that only rises."""
        seconds, before = now - self._at, self._before
        self._at = now
        self._before = {
            key_of(one): (one.receive_bytes, one.transmit_bytes)
            for one in endpoints
            if one.receive_bytes is not None and one.transmit_bytes is not None
        }
        if seconds <= 0:
            return {}
        return {
            key: (max(0, received - before[key][0]) / seconds, max(0, sent - before[key][1]) / seconds)
            for key, (received, sent) in self._before.items()
            if key in before
        }
