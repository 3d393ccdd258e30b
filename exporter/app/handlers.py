"""What the routes answer with: pages and documents of a recent observation, the exposition of one of its own."""

import time
from collections.abc import Callable

from exporter import __version__
from exporter.app.observation_cache import Recent
from exporter.app.scrape import Scraper
from exporter.config import Config
from exporter.core.observation import Observation
from exporter.metrics.exposition import OPENMETRICS, TEXT, Exposition
from exporter.web.compression import compress
from exporter.web.page import api
from exporter.web.page.document import page
from exporter.web.routes import Handlers
from exporter.web.sse import Look


def handlers(config: Config, observe: Callable[[], Observation], waiting_for: Callable[[], str]) -> Handlers:
    """Return the answers for all routes."""
    exposition = Exposition(
        config.collectors, config.container_labels, config.series_limit, own_metrics=config.own_metrics
    )
    recent = Recent(observe)

    def write(observation: Observation, *, openmetrics: bool, gzip: bool) -> bytes:
        pieces = exposition.pieces(observation, openmetrics=openmetrics)
        return compress(pieces) if gzip else b"".join(pieces)

    def look() -> Look:
        observation = recent.observation()
        return Look(api.counters(observation), api.version(observation), time.time() * 1000)

    return Handlers(
        scrape=Scraper(observe, write).scrape,
        content_type=lambda openmetrics: OPENMETRICS if openmetrics else TEXT,
        page=lambda asked: page(recent.observation(), asked, __version__, config.telemetry_path),
        documents={
            "/api/v1/topology": lambda: api.topology(recent.observation()),
            "/api/v1/ports": lambda: api.ports(recent.observation()),
            "/api/v1/findings": lambda: api.found(recent.observation()),
        },
        explain=lambda what: api.explained(recent.observation(), what),
        look=look,
        waiting_for=waiting_for,
    )
