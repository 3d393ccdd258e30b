"""The handlers of pages and JSON documents. The first request for one imports this module, not the daemon's start."""

import contextlib
import time
from functools import partial

from exporter import __version__
from exporter.app.disabled_collectors import with_disabled
from exporter.app.document_cache import DocumentCache
from exporter.app.observation_cache import ObservationCache
from exporter.app.reach import Mounts, describe_surroundings, explain_inside, explain_reach
from exporter.app.reach_worker import ReachWorker
from exporter.config import Config
from exporter.core.history.change_log import Selection
from exporter.core.observation import Observation
from exporter.core.reach.answer import document
from exporter.core.reach.question import Question
from exporter.monitor.history import HistoryRecorder
from exporter.web.history_query import HistoryQuery
from exporter.web.page import api
from exporter.web.page.changes import History
from exporter.web.page.document import Page
from exporter.web.page.state import PageState
from exporter.web.sse import Tick

AGAIN_SECONDS = 1.0  # for a further observation
DOCUMENTS = {"topology": api.topology, "ports": api.ports, "findings": api.found}


class PageHandlers:
    """Pages and documents of a recent observation. All methods block; thread-safe."""

    def __init__(
        self, config: Config, observations: ObservationCache, worker: ReachWorker, history: HistoryRecorder
    ) -> None:
        self._config, self._history, self._worker = config, history, worker
        self._mounts = Mounts(config.procfs, config.sysfs)
        self._observe = observations.recent
        self._again = partial(observations.fresh, AGAIN_SECONDS)
        self._documents = DocumentCache(observations.recent)
        self._ahead = time.time() - time.monotonic()  # of Unix time: ticks do not follow a clock that is set

    def page(self, state: PageState) -> str:
        """Return the page in a state."""
        return self._documents.get("page", self._page).render(state)

    def _page(self, observation: Observation) -> Page:
        changes = History(self._history.select(Selection()), self._history.since)
        return Page(observation, __version__, self._config.telemetry_path, changes)

    def document(self, kind: str) -> str:
        """Return one of DOCUMENTS, as JSON."""
        return self._documents.get(kind, DOCUMENTS[kind])

    def connections(self, container: str) -> str:
        """Return the connections of a container, '' of all, as JSON. Raises NoContainerError."""
        return self._documents.get(("connections", container), lambda seen: api.connections(seen, container))

    def tick(self) -> Tick:
        """Return the counters and the version of the page."""
        get = self._documents.get
        at = (self._ahead + time.monotonic()) * 1000
        return Tick(get("counters", api.counters), get("version", api.version), at)

    def changes(self, query: HistoryQuery) -> str:
        """Return the changes that the query selects, as JSON."""
        with contextlib.suppress(Exception):  # while observations fail, the list has what came before
            self._observe()
        return api.changes(self._history.select(query.selection(time.time())), self._history.since)

    def explain_reach(self, question: Question) -> str:
        """Answer from a recent observation, as JSON. Raises TimeoutError where earlier questions take too long."""
        observation, run = self._observe(), self._worker.run
        found = run(lambda: explain_reach(observation, question, self._mounts, self._again))
        return api.written(document(with_disabled(found, self._config.collectors)))

    def explain(self, what: str) -> str:
        """Explain a port, or a container with its networks, as JSON. Raises TimeoutError as `explain_reach` does."""
        return self._documents.get(("explain", what), lambda seen: self._explain(seen, what))

    def _explain(self, observation: Observation, what: str) -> str:
        run, mounts = self._worker.run, self._mounts
        around = run(lambda: describe_surroundings(observation, what, mounts))
        found = run(lambda: explain_inside(observation, what, mounts))
        return api.explained(with_disabled(found, self._config.collectors), around)
