"""Observe once: start both sides, wait until the inventory is whole, look, and look again while something is doubtful.

What is a fault only when it stays has to be seen twice, ten seconds apart; a host without such a thing is seen once.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from exporter.app import wiring
from exporter.config import Config
from exporter.core.findings.rule import Input
from exporter.core.observation import Observation
from exporter.core.views.pending import MAX_HOLD_SECONDS, has_pending
from exporter.docker_engine.client import EngineClient
from exporter.errors import EngineError

ENGINE_SECONDS = 30.0
# What is read beside the observations is there a moment after the first of them.
SWEEP_SECONDS = 3.0
SWEPT = frozenset({Input.NAMESPACE_SOCKETS, Input.OVERLAYS})
PAUSE_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen; `engine_error` is why the engine does not answer, '' when it does."""

    observation: Observation
    engine_error: str = ""


def look(config: Config, *, doubtful: bool = True, enough: Callable[[Observation], bool] = lambda _: True) -> Look:
    """Observe; `doubtful` waits for what may be a fault, `enough` says whether what is read beside the looks is there.

    Raises ConfigError when the kernel cannot be asked.
    """
    # What the kernel refuses from now on says nothing of what was refused before.
    chosen = tuple(name for name in config.collectors if name != "bind-failures")
    with wiring.build(replace(config, collectors=chosen)) as runtime:
        observations, engine = runtime.observations, runtime.engine
        engine.start()
        deadline = time.monotonic() + ENGINE_SECONDS
        while engine.waiting_for() and time.monotonic() < deadline:
            _pause()
        observation = observations.fresh(timeout=None)
        if not observation.topology.inventory.connected:
            return Look(observation, _engine_error(config))
        started = time.monotonic()
        while _is_unfinished(observation, waited := time.monotonic() - started, doubtful=doubtful) or (
            waited < SWEEP_SECONDS and not enough(observation)
        ):
            _pause()
            observation = observations.fresh(timeout=None)
        return Look(observation)


def _is_unfinished(observation: Observation, waited: float, *, doubtful: bool) -> bool:
    missing = {one for evaluation in observation.evaluations.values() for one in evaluation.missing}
    if waited < SWEEP_SECONDS and not SWEPT.isdisjoint(missing):
        return True
    return doubtful and has_pending(observation) and waited < MAX_HOLD_SECONDS


def _engine_error(config: Config) -> str:
    client = EngineClient(config.docker_host)
    try:
        client.ping()
    except EngineError as error:
        return str(error)
    finally:
        client.close()
    return ""


def _pause() -> None:
    threading.Event().wait(PAUSE_SECONDS)
