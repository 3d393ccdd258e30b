"""Run until a signal: the kernel's side, the engine's side, the monitor between them, the server in front."""

import asyncio
import signal
from collections.abc import Callable

import structlog

from exporter import __version__, memory
from exporter.config import Config
from exporter.docker_engine.watcher import EngineWatcher
from exporter.errors import ConfigError
from exporter.kernel.proc import read_cgroup_pid
from exporter.kernel.sampler import KernelSampler
from exporter.metrics.exposition import OPENMETRICS, TEXT, Exposition
from exporter.monitor import Monitor
from exporter.scraper import Scraper
from exporter.web.pages import landing_page
from exporter.web.server import Handlers, Server

log = structlog.get_logger(component="daemon")


def run(config: Config) -> None:
    """Serve until SIGTERM or SIGINT. Raises ConfigError for what cannot work, whatever is tried."""
    memory.use_one_arena()
    asyncio.run(_serve(config))


async def _serve(config: Config) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    try:
        kernel = KernelSampler(config.procfs, sweep="namespace" in config.collectors)
        kernel.start()
    except OSError as error:
        raise ConfigError(f"rtnetlink cannot be read: {error.strerror or error}") from error
    monitor = Monitor(kernel)
    engine = EngineWatcher(
        config.docker_host,
        find_pid=lambda container_id: read_cgroup_pid(config.sysfs, container_id),
        publish=monitor.accept,
        when_calm=memory.give_back,
    )
    monitor.follow(engine)
    server = Server(_handlers(config, monitor, engine.waiting_for), config.telemetry_path)
    try:
        engine.start()
        memory.settle_down()
        log.info("listening", addresses=await _listen(server, config), version=__version__)
        await stopped.wait()
        log.info("stopping")
    finally:
        engine.stop()
        await server.stop()
        kernel.stop()


def _handlers(config: Config, monitor: Monitor, waiting_for: Callable[[], str]) -> Handlers:
    exposition = Exposition(
        config.collectors, config.container_labels, config.series_limit, own_metrics=config.own_metrics
    )
    return Handlers(
        scrape=Scraper(monitor.observe, exposition.parts).scrape,
        content_type=lambda openmetrics: OPENMETRICS if openmetrics else TEXT,
        landing_page=lambda: landing_page(__version__, config.telemetry_path),
        waiting_for=waiting_for,
    )


async def _listen(server: Server, config: Config) -> list[str]:
    addresses = [(address.host, address.port) for address in config.listen]
    try:
        return list(await server.start(addresses))
    except (OSError, UnicodeError) as error:  # UnicodeError: a name that no resolver takes, such as a..b
        raise ConfigError(f"--web.listen-address: {getattr(error, 'strerror', '') or error}") from error
