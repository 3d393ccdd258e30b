"""The handlers of the routes: pages and documents of a recent observation, the exposition of a fresh one."""

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING

from exporter.app.observation_cache import ObservationCache
from exporter.app.reach_worker import ReachWorker
from exporter.app.scrape import SharedText
from exporter.config import Config
from exporter.core.observation import Observation
from exporter.metrics.exposition import OPENMETRICS, TEXT, Exposition
from exporter.monitor.history import HistoryRecorder
from exporter.web.compression import compress
from exporter.web.routes import Handlers

if TYPE_CHECKING:
    from exporter.app.page_handlers import PageHandlers

DOCUMENTS = ("topology", "ports", "findings")


def handlers(
    config: Config,
    observations: ObservationCache,
    worker: ReachWorker,
    history: HistoryRecorder,
    waiting_for: Callable[[], str],
) -> Handlers:
    """Return the handlers of all routes."""
    shared = _shared_text(config)

    @functools.cache
    def pages() -> "PageHandlers":
        from exporter.app.page_handlers import PageHandlers  # 3 MB that a host without a viewer does not need

        return PageHandlers(config, observations, worker, history)

    def document(kind: str) -> Callable[[], str]:
        return lambda: pages().document(kind)

    def scrape(*, openmetrics: bool, gzip: bool) -> bytes:
        return shared.text(observations.fresh(), openmetrics=openmetrics, gzip=gzip)

    return Handlers(
        scrape=scrape,
        content_type=lambda openmetrics: OPENMETRICS if openmetrics else TEXT,
        page=lambda state: pages().page(state),
        documents={f"/api/v1/{kind}": document(kind) for kind in DOCUMENTS},
        connections=lambda container: pages().connections(container),
        explain=lambda what: pages().explain(what),
        explain_reach=lambda question: pages().explain_reach(question),
        history=lambda query: pages().changes(query),
        tick=lambda: pages().tick(),
        waiting_for=waiting_for,
        stalled=observations.stalled,
    )


def _shared_text(config: Config) -> SharedText:
    exposition = Exposition(
        config.collectors, config.container_labels, config.series_limit, own_metrics=config.own_metrics
    )

    def write(observation: Observation, *, openmetrics: bool, gzip: bool) -> bytes:
        pieces = exposition.pieces(observation, openmetrics=openmetrics)
        return compress(pieces) if gzip else b"".join(pieces)

    return SharedText(write)
