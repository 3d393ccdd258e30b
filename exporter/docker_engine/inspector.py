"""Inspect what is dirty, in a few threads: a container that starts holds its lock, and must not hold up the others.

An object is asked for once at a time. If it changes while it is being asked for, it is asked for once more: the
answer may be older than the change. An answer goes into the queue of the events, so that one thread alone decides.
"""

import queue
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

from exporter.core.model import Container, Member
from exporter.docker_engine.client import EngineClient
from exporter.errors import EngineError

THREADS = 4

Subject = tuple[Literal["container", "network"], str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the engine says of a container, or of who is on a network; None when it is gone."""

    subject: Subject
    found: Container | list[Member] | None
    failed: bool = False


class Inspector:
    """Asks, and remembers what is under way; used by one thread, answering through `sink`."""

    def __init__(self, host: str, sink: "queue.Queue[Any]") -> None:
        self._host = host
        self._sink = sink
        self._local = threading.local()
        self._pool = ThreadPoolExecutor(THREADS, "inspect")
        self._asked: dict[Subject, bool] = {}  # is it dirty again since it was asked for
        self._unanswered: set[Subject] = set()

    def stop(self) -> None:
        """Begin nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def ask(self, subject: Subject) -> None:
        """Inspect it, or once more after the inspect that is under way."""
        if subject in self._asked:
            self._asked[subject] = True
        else:
            self._asked[subject] = False
            self._pool.submit(self._inspect, subject)

    def settle(self, answer: Answer) -> None:
        """Take note that an answer has come."""
        if answer.failed:
            self._unanswered.add(answer.subject)
        if self._asked.pop(answer.subject, False):
            self.ask(answer.subject)

    def retry(self) -> None:
        """Ask again for what got no answer."""
        unanswered, self._unanswered = self._unanswered, set()
        for subject in unanswered:
            self.ask(subject)

    def forget(self) -> None:
        """Expect no answer any more: the queue was emptied, and some may have been in it."""
        self._asked.clear()

    def _inspect(self, subject: Subject) -> None:
        client = getattr(self._local, "client", None)
        if client is None:
            client = self._local.client = EngineClient(self._host)
        kind, key = subject
        try:
            answer = Answer(subject, client.container(key) if kind == "container" else client.members(key))
        except EngineError:
            client.close()
            answer = Answer(subject, None, failed=True)
        self._sink.put(answer)
