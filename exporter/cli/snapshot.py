"""One observation of this host: wait for the inventory, observe, and again while a condition is pending.

A condition that is a finding only when it persists needs two observations, ten seconds apart; a host without such a
condition needs one.
"""

import threading
import time
from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from exporter.app import wiring
from exporter.config import Config
from exporter.core.findings.rule import Input
from exporter.core.observation import Observation
from exporter.core.views.pending import MAX_HOLD_SECONDS, has_pending
from exporter.docker_engine.client import EngineClient
from exporter.docker_engine.host import socket_path
from exporter.docker_engine.tls import read_tls
from exporter.errors import EngineError

ENGINE_SECONDS = 30.0
# Background threads need a moment after the first observation.
SWEEP_SECONDS = 3.0
SWEPT = frozenset({Input.NAMESPACE_SOCKETS, Input.OVERLAYS, Input.ROUTE_LOOKUPS})
PAUSE_SECONDS, ENGINE_PAUSE_SECONDS = 0.25, 0.02
COUNTED_FROM_START = frozenset({"bind-failures", "connections"})


class Snapshot(Struct, frozen=True):
    """An observation; `engine_error` is why the engine does not answer, '' when it does.

    `unread` says that it was not read whole in time, '' where it was.
    """

    observation: Observation
    engine_error: str = ""
    unread: str = ""


def snapshot(
    config: Config,
    *,
    wait_for_pending: bool = False,
    until: Callable[[Observation], bool] = lambda _: True,
    once: bool = False,
    engine_seconds: float = ENGINE_SECONDS,
    report: Callable[[str], None] = lambda _: None,
) -> Snapshot:
    """Observe; optionally wait for pending conditions, and wait briefly for background threads `until` they have read.

    `once`: what they read does not matter. `report` is called with each stage.

    Raises ConfigError when the kernel cannot be read.
    """
    # A counter that starts now has nothing from before.
    enabled = tuple(name for name in config.collectors if name not in COUNTED_FROM_START)
    with wiring.build(replace(config, collectors=enabled)) as runtime:
        observations, engine = runtime.observations, runtime.engine
        engine.start()
        report("waiting for the Docker Engine")
        unread = _await_engine(engine.waiting_for, engine_seconds)
        report("reading the kernel")
        observations.start()  # each inventory of before is a part of this one
        observation = observations.fresh(timeout=None)
        if not observation.topology.inventory.connected:
            return Snapshot(observation, _engine_error(config))
        if once:
            return Snapshot(observation, unread=unread)
        report(f"reading namespaces{', waiting for pending conditions' if wait_for_pending else ''}")
        started = time.monotonic()
        while _is_unfinished(observation, waited := time.monotonic() - started, wait_for_pending=wait_for_pending) or (
            waited < SWEEP_SECONDS and not until(observation)
        ):
            _pause()
            observation = observations.fresh(timeout=None)
        return Snapshot(observation, unread=unread)


def _await_engine(waiting_for: Callable[[], str], seconds: float) -> str:
    """Wait until the engine was read whole, for so long; say that it was not, '' where it was."""
    deadline = time.monotonic() + seconds
    while waiting_for():
        if time.monotonic() >= deadline:
            return f"the Docker Engine was not read whole within {seconds:.0f} seconds"
        _pause(ENGINE_PAUSE_SECONDS)
    return ""


def _is_unfinished(observation: Observation, waited: float, *, wait_for_pending: bool) -> bool:
    missing = {one for evaluation in observation.evaluations.values() for one in evaluation.missing}
    if waited < SWEEP_SECONDS and not SWEPT.isdisjoint(missing):
        return True
    return wait_for_pending and has_pending(observation) and waited < MAX_HOLD_SECONDS


def _engine_error(config: Config) -> str:
    client = EngineClient(config.docker_host, tls=read_tls(config.docker_cert_path))
    try:
        client.ping()
    except EngineError as error:
        where = "" if socket_path(config.docker_host) else f"{config.docker_host}: "
        return f"{where}{error}"
    finally:
        client.close()
    return ""


def _pause(seconds: float = PAUSE_SECONDS) -> None:
    threading.Event().wait(seconds)
