"""Accept and Accept-Encoding (RFC 9110, section 12)."""

from collections.abc import Mapping
from functools import lru_cache


@lru_cache(16)  # a scraper sends the same two each time
def _weights(header: str) -> Mapping[str, float]:
    """Return each value without parameters, in lower case, with its weight."""
    found: dict[str, float] = {}
    for part in header.split(","):
        name, *parameters = [piece.strip() for piece in part.split(";")]
        weight = next((p[2:] for p in parameters if p.lower().startswith("q=")), "1")
        try:
            found[name.lower()] = max(found.get(name.lower(), 0.0), float(weight))
        except ValueError:
            found.setdefault(name.lower(), 0.0)
    return found


def prefers_openmetrics(accept: str) -> bool:
    """Whether OpenMetrics is accepted with the highest weight."""
    weights = _weights(accept)
    openmetrics = weights.get("application/openmetrics-text", 0.0)
    return openmetrics > 0 and openmetrics >= max(weights.get("text/plain", 0.0), weights.get("text/*", 0.0))


def accepts_gzip(accept_encoding: str) -> bool:
    """Whether gzip is accepted."""
    weights = _weights(accept_encoding)
    return weights.get("gzip", weights.get("*", 0.0)) > 0
