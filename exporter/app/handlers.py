"""The handlers of the routes: pages and documents of a recent observation, the exposition of a fresh one."""

import time
from collections.abc import Callable

from exporter import __version__
from exporter.app.observation_cache import ObservationCache
from exporter.app.scrape import SharedText
from exporter.config import Config
from exporter.core.observation import Observation
from exporter.metrics.exposition import OPENMETRICS, TEXT, Exposition
from exporter.web.compression import compress
from exporter.web.page import api
from exporter.web.page.document import page
from exporter.web.routes import Handlers
from exporter.web.sse import Look


def handlers(config: Config, observations: ObservationCache, waiting_for: Callable[[], str]) -> Handlers:
    """Return the handlers of all routes."""
    exposition = Exposition(
        config.collectors, config.container_labels, config.series_limit, own_metrics=config.own_metrics
    )

    def write(observation: Observation, *, openmetrics: bool, gzip: bool) -> bytes:
        pieces = exposition.pieces(observation, openmetrics=openmetrics)
        return compress(pieces) if gzip else b"".join(pieces)

    shared = SharedText(write)

    def scrape(*, openmetrics: bool, gzip: bool) -> bytes:
        return shared.text(observations.fresh(), openmetrics=openmetrics, gzip=gzip)

    def look() -> Look:
        observation = observations.recent()
        return Look(api.counters(observation), api.version(observation), time.time() * 1000)

    return Handlers(
        scrape=scrape,
        content_type=lambda openmetrics: OPENMETRICS if openmetrics else TEXT,
        page=lambda asked: page(observations.recent(), asked, __version__, config.telemetry_path),
        documents={
            "/api/v1/topology": lambda: api.topology(observations.recent()),
            "/api/v1/ports": lambda: api.ports(observations.recent()),
            "/api/v1/findings": lambda: api.found(observations.recent()),
        },
        explain=lambda what: api.explained(observations.recent(), what),
        look=look,
        waiting_for=waiting_for,
    )
