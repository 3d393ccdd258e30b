"""Run until a signal: the runtime that observes, and the server in front of it."""

import asyncio
import os
import resource
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from exporter import __version__
from exporter.app import allocator, capabilities, wiring
from exporter.app.handlers import handlers
from exporter.app.reach_worker import ReachWorker
from exporter.app.service_manager import report_ready
from exporter.app.signals import handle_signals, waking
from exporter.config import Config
from exporter.core.history.change import EXPORTER_STARTED, Change
from exporter.log import get_logger
from exporter.monitor.history import HistoryRecorder
from exporter.web.access.access import OPEN, Access
from exporter.web.access.allowed_hosts import AllowedHosts
from exporter.web.pace import Pace
from exporter.web.routes import Workers, routes
from exporter.web.server import listen
from exporter.web.server.client_limits import limits_within
from exporter.web.server.server import Server
from exporter.web.worker_pool import WorkerPool

if TYPE_CHECKING:
    from exporter.app.history_file import HistoryFile

# A thread that makes a page gives the interpreter to a scrape after so many seconds; Python's own 5 ms add up, since a
# scrape goes through four threads.
SWITCH_SECONDS = 0.0005

log = get_logger(component="daemon")


def run(config: Config) -> None:
    """Serve until SIGTERM or SIGINT. Raises ConfigError for a configuration that cannot work."""
    allocator.use_one_arena()
    sys.setswitchinterval(SWITCH_SECONDS)
    asyncio.run(_serve(config))


async def _serve(config: Config) -> None:
    access = _access(config.web_config_file)
    stopped, loop = asyncio.Event(), asyncio.get_running_loop()
    handle_signals(lambda: loop.call_soon_threadsafe(stopped.set), access if config.web_config_file else None)
    file = _history_file(config)
    history = HistoryRecorder(config.history_entries, file.store if file else lambda _: None)
    history.restore(file.start() if file else ())
    history.record(Change(EXPORTER_STARTED, socket.gethostname(), "", __version__, history.since))
    with waking(loop), wiring.build(config, allocator.give_back, history) as runtime:
        workers = Workers(WorkerPool("scrape"), WorkerPool("page", pace=Pace()))
        reaches = ReachWorker()
        answers = handlers(config, runtime.observations, reaches, history, runtime.engine.waiting_for)
        served = routes(answers, workers, config.telemetry_path, config.max_requests)
        hosts = AllowedHosts((socket.gethostname(), *config.allowed_hosts))
        server = Server(served, access, hosts, limits_within(resource.getrlimit(resource.RLIMIT_NOFILE)[0]))
        try:
            runtime.observations.start()
            runtime.engine.start()
            allocator.settle_down()
            sockets = _sockets(config)
            # The threads of the sources run; workers, which this one starts for requests, get none.
            capabilities.give_up(keep=capabilities.READ_FILES if config.web_config_file else 0)
            await server.start(sockets)
            log.info("listening", addresses=listen.written(sockets), tls=bool(access().tls), version=__version__)
            report_ready(os.environ)
            await stopped.wait()
            log.info("stopping")
        finally:
            # Before the server, which waits for its requests, and they for an observation.
            runtime.engine.stop()
            runtime.observations.stop()
            await server.stop()
            workers.close()
            if file:
                file.stop()
            reaches.close()


def _history_file(config: Config) -> "HistoryFile | None":
    if config.history_file is None:
        return None
    from exporter.app.history_file import HistoryFile  # SQLite is 2 MB

    return HistoryFile(config.history_file, config.history_entries)


def _access(file: Path | None) -> Callable[[], Access]:
    if file is None:
        return lambda: OPEN
    from exporter.web.access.config_file import WebConfigFile  # YAML and bcrypt are 2 MB

    return WebConfigFile(file).access


def _sockets(config: Config) -> list[socket.socket]:
    if config.systemd_socket:
        return listen.inherited(os.environ, os.getpid())
    return listen.bind((address.host, address.port) for address in config.listen)
