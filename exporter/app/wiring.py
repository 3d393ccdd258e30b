"""The two sides and the monitor between them, as a configuration wants them; started, and ended in order."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import structlog

from exporter.config import Config
from exporter.docker_engine.watcher import EngineWatcher
from exporter.errors import ConfigError
from exporter.kernel.bind_failures.source import BindSource
from exporter.kernel.nat.source import NatSource
from exporter.kernel.proc import read_cgroup_pid
from exporter.kernel.sampler import KernelSampler
from exporter.monitor.bind_failures import BindMonitor
from exporter.monitor.monitor import Monitor
from exporter.monitor.nat import NatMonitor
from exporter.monitor.optional import Beside
from exporter.monitor.ports import PortMonitor

log = structlog.get_logger(component="sides")


@dataclass(frozen=True, slots=True)
class Sides:
    """What follows the engine, and what observes. The engine's side is not started yet."""

    monitor: Monitor
    engine: EngineWatcher


@contextmanager
def sides(config: Config, when_calm: Callable[[], None] = lambda: None) -> Iterator[Sides]:
    """Start the kernel's side, end both afterwards. Raises ConfigError when the kernel cannot be asked at all."""
    with ExitStack() as running:
        try:
            kernel = _started(config, running)
            beside = _beside(config, kernel, running)
        except OSError as error:
            raise ConfigError(f"rtnetlink cannot be read: {error.strerror or error}") from error
        monitor = Monitor(kernel, beside)
        engine = EngineWatcher(
            config.docker_host,
            find_pid=lambda container_id: read_cgroup_pid(config.sysfs, container_id),
            publish=monitor.accept,
            when_calm=when_calm,
        )
        monitor.follow(engine)
        running.callback(engine.stop)
        yield Sides(monitor, engine)


def _started(config: Config, running: ExitStack) -> KernelSampler:
    chosen = config.collectors
    kernel = KernelSampler(config.procfs, config.sysfs, sweep="namespace" in chosen, ports="port" in chosen)
    kernel.start()
    running.callback(kernel.stop)
    return kernel


def _beside(config: Config, kernel: KernelSampler, running: ExitStack) -> Beside:
    binds = None
    nat = _nat(config, running) if "nat" in config.collectors else None
    if "bind-failures" in config.collectors:
        binds = BindSource(config.sysfs)
        binds.start()
        running.callback(binds.stop)
    return Beside(
        NatMonitor(nat) if nat else None,
        PortMonitor(kernel) if "port" in config.collectors else None,
        BindMonitor(binds) if binds else None,
    )


def _nat(config: Config, running: ExitStack) -> NatSource | None:
    """None on a kernel without netfilter's netlink, where there are no rules to read."""
    try:
        nat = NatSource(config.procfs)
    except OSError as error:
        log.warning("rules cannot be read", reason=error.strerror or str(error))
        return None
    nat.start()
    running.callback(nat.stop)
    return nat
