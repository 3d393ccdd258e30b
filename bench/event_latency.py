"""From an engine's event to the metrics that show it, on a real engine of its own.

The metrics are polled without a pause, by this process on the same machine: that takes CPU from the exporter and from
the engine, and a latency is known no finer than one poll.
"""

import itertools
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bench.engine_events import EngineEvents
from bench.exporter_process import Client, exporter
from bench.figures import MS, Row, Times, judged, number
from bench.lifecycle import SIDE, Step, life
from bench.scale import Scale
from tests.support.private_host.host import PrivateHost

GOAL_MS = 100
GIVE_UP_SECONDS = 20
EVENTS_SECONDS = 1000


@dataclass(frozen=True, slots=True)
class Latency:
    """Nanoseconds from an event to the metrics and to an inspect's answer, and of the poll that saw it."""

    step: str
    shown: float
    answered: float
    poll: float


def rows(scale: Scale) -> Iterator[Row]:
    """The table's rows."""
    with PrivateHost() as host:
        host.start().load_image()
        host.api().create_network(SIDE)
        flags = [f"--docker.host={host.docker_url}"]
        with host.netns(), exporter(flags, lambda argv: host.popen(*argv)) as process:
            process.wait_for(0)
            events = EngineEvents(host.api(EVENTS_SECONDS), host.api())
            events.start()
            yield from _rows(_latencies(host.api(), process.client, events, scale.events))


def _rows(found: list[Latency]) -> Iterator[Row]:
    for step in dict.fromkeys(latency.step for latency in found):
        yield _row(step, [latency for latency in found if latency.step == step], "")
    worst = Times(latency.shown for latency in found).quantile(0.99) * MS
    yield _row("all", found, judged(f"p99 <= {GOAL_MS} ms", met=worst <= GOAL_MS))


def _row(step: str, found: list[Latency], goal: str) -> Row:
    shown = Times(latency.shown for latency in found)
    engine = Times(latency.answered for latency in found)
    poll = Times(latency.poll for latency in found)
    against = f"an inspect's answer: {engine.tail()}; a poll: {number(poll.middle * MS)} ms"
    return Row(f"event to metrics: {step}", f"{len(found)} events", shown.tail(), against, goal)


def _latencies(api: Any, client: Client, events: EngineEvents, count: int) -> list[Latency]:
    found = []
    steps = itertools.chain.from_iterable(life(api, f"life{number}") for number in itertools.count())
    for step in itertools.islice(steps, count):
        since = time.time_ns()
        shown, poll = _polled(client, step)
        event = events.first(step.event, since)
        found.append(Latency(step.name, shown - event.time, event.answered - event.time, poll))
    return found


def _polled(client: Client, step: Step) -> tuple[int, int]:
    """Do the step aside and poll; return when it was shown, and how long that poll took."""
    action = threading.Thread(target=step.do)
    action.start()
    deadline = time.monotonic() + GIVE_UP_SECONDS
    while time.monotonic() < deadline:
        asked = time.time_ns()
        body = client.get()
        shown = time.time_ns()
        if step.shown(body):
            action.join()
            return shown, shown - asked
    raise TimeoutError(f"the metrics do not show: {step.name}")
