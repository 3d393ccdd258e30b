"""Inspect what changed, in a few threads: a container that starts holds its lock, and must not hold up the others.

An object is requested once at a time. If it changes while it is being inspected, it is inspected once more: the answer
may be older than the change. An answer goes into the queue of the events, so that one thread alone decides.
"""

import queue
import threading
import time
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from exporter.core.model.docker import Container, NetworkInspect
from exporter.docker_engine.client import EngineClient
from exporter.docker_engine.container_logs import LogReader
from exporter.docker_engine.inventory_state import Subject
from exporter.docker_engine.text import label
from exporter.errors import EngineError
from exporter.log import get_logger

THREADS = 4

log = get_logger(component="inspect")


class Answer(Struct, frozen=True):
    """The engine's answer about a container or a network; `found` is None when it is gone.

    `unanswered`: there was none. `parse_error` is why it could not be parsed.
    """

    subject: Subject
    found: Container | NetworkInspect | None
    request_id: int = 0
    unanswered: bool = False
    parse_error: str = ""


class Inspector:
    """Sends requests and keeps what is under way; used by one thread, answers through `sink`."""

    def __init__(self, connect: Callable[[], EngineClient], sink: "queue.Queue[Any]", retry_seconds: float) -> None:
        self._connect, self._sink, self._retry_seconds = connect, sink, retry_seconds
        self._logs = LogReader()
        self._work: queue.SimpleQueue[tuple[Subject, int] | None] = queue.SimpleQueue()
        # Daemons, and no executor: at its exit Python would wait for those that wait for a hung engine.
        for _ in range(THREADS):
            threading.Thread(target=self._run, name="inspect", daemon=True).start()
        self._pending: dict[Subject, int] = {}  # the id of the request that is under way
        self._dirty: set[Subject] = set()  # changed since they were requested
        self._last_id = 0
        self._unanswered: set[Subject] = set()
        self._reported: set[Subject] = set()  # whose parse error was logged
        self._retry_at = 0.0

    def stop(self) -> None:
        """Begin nothing more."""
        for _ in range(THREADS):
            self._work.put(None)

    def request(self, subject: Subject) -> None:
        """Inspect it, or once more after the inspect that is under way."""
        if subject in self._pending:
            self._dirty.add(subject)
        else:
            self._last_id += 1
            self._pending[subject] = self._last_id
            self._work.put((subject, self._last_id))

    def busy(self) -> bool:
        """Whether a request is under way."""
        return bool(self._pending)

    def finished(self) -> bool:
        """Whether no request is under way, and none is to be repeated."""
        return not (self._pending or self._unanswered)

    def accept_answer(self, answer: Answer) -> bool:
        """Take an answer; return whether it is valid: not one of a request from before `discard_pending`."""
        if self._pending.get(answer.subject) != answer.request_id:
            return False
        del self._pending[answer.subject]
        if answer.unanswered:
            self._unanswered.add(answer.subject)
            self._retry_at = time.monotonic() + self._retry_seconds
        else:
            self._report(answer)
        if answer.subject in self._dirty:
            self._dirty.discard(answer.subject)
            self.request(answer.subject)
        return not (answer.unanswered or answer.parse_error)

    def _report(self, answer: Answer) -> None:
        """Log a parse error once; the next event or list requests the object again."""
        if not answer.parse_error:
            self._reported.discard(answer.subject)
        elif answer.subject not in self._reported:
            self._reported.add(answer.subject)
            kind, key = answer.subject
            log.warning("cannot parse inspect response", kind=kind, id=key, error=answer.parse_error)

    def retry(self) -> None:
        """Repeat the requests without an answer, after a pause: a refusal comes back at once."""
        if time.monotonic() < self._retry_at:
            return
        unanswered, self._unanswered = self._unanswered, set()
        for subject in unanswered:
            self.request(subject)

    def discard_pending(self) -> None:
        """Ignore the answers to all requests under way: the queue was emptied, and some may have been in it."""
        self._pending.clear()
        self._dirty.clear()

    def _run(self) -> None:
        client = self._connect()
        while (work := self._work.get()) is not None:
            self._sink.put(_inspect(client, self._logs, *work))
        client.close()


def _inspect(client: EngineClient, logs: LogReader, subject: Subject, request_id: int) -> Answer:
    kind, key = subject
    try:
        if kind == "network":
            return Answer(subject, client.network(key), request_id)
        container = client.container(key)
        return Answer(subject, logs.with_log(client, container) if container else None, request_id)
    except EngineError:
        client.close()
        return Answer(subject, None, request_id, unanswered=True)
    except Exception as error:  # noqa: BLE001  the thread that takes the answer logs it
        return Answer(subject, None, request_id, parse_error=label(repr(error)))
