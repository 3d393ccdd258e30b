"""Inspect what is dirty, in a few threads: a container that starts holds its lock, and must not hold up the others.

An object is asked for once at a time. If it changes while it is being asked for, it is asked for once more: the
answer may be older than the change. An answer goes into the queue of the events, so that one thread alone decides.
"""

import queue
import threading
import time
from dataclasses import dataclass
from typing import Any, Literal

import structlog

from exporter.core.model.docker import Container, NetworkInspect
from exporter.docker_engine.client import EngineClient
from exporter.docker_engine.container_logs import LogReader
from exporter.docker_engine.settings import LIMITS, TIMING, Limits, Timing
from exporter.errors import EngineError

THREADS = 4
RETRY_SECONDS = 0.2

log = structlog.get_logger(component="inspect")

Subject = tuple[Literal["container", "network"], str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the engine says of a container or a network; None when it is gone.

    `unanswered`: it said nothing. `odd` is what was not understood of what it said.
    """

    subject: Subject
    found: Container | NetworkInspect | None
    serial: int = 0
    unanswered: bool = False
    odd: str = ""


class Inspector:
    """Asks, and remembers what is under way; used by one thread, answering through `sink`."""

    def __init__(self, host: str, sink: "queue.Queue[Any]", timing: Timing = TIMING, limits: Limits = LIMITS) -> None:
        self._host = host
        self._timing = timing
        self._limits = limits
        self._sink = sink
        self._logs = LogReader()
        self._work: queue.SimpleQueue[tuple[Subject, int] | None] = queue.SimpleQueue()
        # Daemons, and no executor: at its exit Python would wait for those that wait for a hung engine.
        for _ in range(THREADS):
            threading.Thread(target=self._run, name="inspect", daemon=True).start()
        self._asked: dict[Subject, int] = {}  # with which serial the answer will come
        self._dirty: set[Subject] = set()  # changed since they were asked for
        self._serial = 0
        self._unanswered: set[Subject] = set()
        self._odd: set[Subject] = set()  # of which was said that their answer is not understood
        self._retry_at = 0.0

    def stop(self) -> None:
        """Begin nothing more."""
        for _ in range(THREADS):
            self._work.put(None)

    def ask(self, subject: Subject) -> None:
        """Inspect it, or once more after the inspect that is under way."""
        if subject in self._asked:
            self._dirty.add(subject)
        else:
            self._serial += 1
            self._asked[subject] = self._serial
            self._work.put((subject, self._serial))

    def busy(self) -> bool:
        """Whether an answer is awaited."""
        return bool(self._asked)

    def settle(self, answer: Answer) -> bool:
        """Take note that an answer has come; return whether it holds, or was asked for before the last `forget`."""
        if self._asked.get(answer.subject) != answer.serial:
            return False
        del self._asked[answer.subject]
        if answer.unanswered:
            self._unanswered.add(answer.subject)
            self._retry_at = time.monotonic() + RETRY_SECONDS
        else:
            self._complain(answer)
        if answer.subject in self._dirty:
            self._dirty.discard(answer.subject)
            self.ask(answer.subject)
        return not (answer.unanswered or answer.odd)

    def _complain(self, answer: Answer) -> None:
        """Say once what was not understood; the next event or list asks again."""
        if not answer.odd:
            self._odd.discard(answer.subject)
        elif answer.subject not in self._odd:
            self._odd.add(answer.subject)
            kind, key = answer.subject
            log.warning("answer not understood", kind=kind, id=key, error=answer.odd)

    def retry(self) -> None:
        """Ask again for what got no answer, after a while: a refusal comes back at once."""
        if time.monotonic() < self._retry_at:
            return
        unanswered, self._unanswered = self._unanswered, set()
        for subject in unanswered:
            self.ask(subject)

    def forget(self) -> None:
        """Expect no answer any more: the queue was emptied, and some may have been in it."""
        self._asked.clear()
        self._dirty.clear()

    def _run(self) -> None:
        client = EngineClient(self._host, self._timing, self._limits)
        while (work := self._work.get()) is not None:
            self._sink.put(_inspect(client, self._logs, *work))
        client.close()


def _inspect(client: EngineClient, logs: LogReader, subject: Subject, serial: int) -> Answer:
    kind, key = subject
    try:
        if kind == "network":
            return Answer(subject, client.network(key), serial)
        container = client.container(key)
        return Answer(subject, logs.with_log(client, container) if container else None, serial)
    except EngineError:
        client.close()
        return Answer(subject, None, serial, unanswered=True)
    except Exception as error:  # noqa: BLE001  who takes the answer tells of it
        return Answer(subject, None, serial, odd=repr(error))
