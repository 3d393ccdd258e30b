"""The handlers of the routes: pages and documents of a recent observation, the exposition of a fresh one."""

import contextlib
import time
from collections.abc import Callable

from exporter import __version__
from exporter.app.document_cache import DocumentCache
from exporter.app.observation_cache import ObservationCache
from exporter.app.reach_worker import ReachWorker
from exporter.app.scrape import SharedText
from exporter.config import Config
from exporter.core.history.change_log import Selection
from exporter.core.observation import Observation
from exporter.metrics.exposition import OPENMETRICS, TEXT, Exposition
from exporter.monitor.history import HistoryRecorder
from exporter.web.compression import compress
from exporter.web.history_query import HistoryQuery
from exporter.web.page import api
from exporter.web.page.changes import History
from exporter.web.page.document import Page
from exporter.web.routes import Handlers
from exporter.web.sse import Tick


def handlers(
    config: Config,
    observations: ObservationCache,
    reaches: ReachWorker,
    history: HistoryRecorder,
    waiting_for: Callable[[], str],
) -> Handlers:
    """Return the handlers of all routes."""
    shared = _shared_text(config)
    documents = DocumentCache(observations.recent)

    def scrape(*, openmetrics: bool, gzip: bool) -> bytes:
        return shared.text(observations.fresh(), openmetrics=openmetrics, gzip=gzip)

    def tick() -> Tick:
        return Tick(documents.get("counters", api.counters), documents.get("version", api.version), time.time() * 1000)

    def page(observation: Observation) -> Page:
        changes = History(history.select(Selection()), history.since)
        return Page(observation, __version__, config.telemetry_path, changes)

    return Handlers(
        scrape=scrape,
        content_type=lambda openmetrics: OPENMETRICS if openmetrics else TEXT,
        page=lambda state: documents.get("page", page).render(state),
        documents={
            "/api/v1/topology": lambda: documents.get("topology", api.topology),
            "/api/v1/ports": lambda: documents.get("ports", api.ports),
            "/api/v1/connections": lambda: documents.get("connections", api.connections),
            "/api/v1/findings": lambda: documents.get("findings", api.found),
        },
        explain=lambda what: documents.get(("explain", what), lambda seen: reaches.explained(seen, what)),
        explain_reach=reaches.answer,
        history=_history(observations, history),
        tick=tick,
        waiting_for=waiting_for,
        stalled=observations.stalled,
    )


def _history(observations: ObservationCache, history: HistoryRecorder) -> Callable[[HistoryQuery], str]:
    def changes(query: HistoryQuery) -> str:
        with contextlib.suppress(Exception):  # while observations fail, the list has what came before
            observations.recent()
        return api.changes(history.select(query.selection(time.time())), history.since)

    return changes


def _shared_text(config: Config) -> SharedText:
    exposition = Exposition(
        config.collectors, config.container_labels, config.series_limit, own_metrics=config.own_metrics
    )

    def write(observation: Observation, *, openmetrics: bool, gzip: bool) -> bytes:
        pieces = exposition.pieces(observation, openmetrics=openmetrics)
        return compress(pieces) if gzip else b"".join(pieces)

    return SharedText(write)
