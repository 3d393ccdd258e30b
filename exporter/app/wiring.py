"""The engine's side, the kernel's side and the monitor between them: built from a configuration, stopped in order."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from msgspec import Struct

from exporter.app.change_follower import ChangeFollower, Changes
from exporter.app.observation_cache import ObservationCache
from exporter.config import Config
from exporter.core.model.docker import Inventory
from exporter.docker_engine.tls import read_tls
from exporter.docker_engine.watcher import EngineWatcher
from exporter.errors import ConfigError
from exporter.kernel.nat.source import NatSource
from exporter.kernel.proc import read_cgroup_pid
from exporter.kernel.sampler import KernelSampler
from exporter.log import get_logger
from exporter.monitor.history import HistoryRecorder
from exporter.monitor.monitor import Monitor

if TYPE_CHECKING:
    from exporter.kernel.connections.lookups import LookupSource
    from exporter.kernel.connections.source import ConnectionSource

log = get_logger(component="wiring")


class Runtime(Struct, frozen=True):
    """The parts that run. The observer and the engine's side are not started yet."""

    observations: ObservationCache
    engine: EngineWatcher


@contextmanager
def build(
    config: Config, on_idle: Callable[[], None] = lambda: None, history: HistoryRecorder | None = None
) -> Iterator[Runtime]:
    """Start the kernel's side, stop everything afterwards. Raises ConfigError when the kernel cannot be read at all.

    With a `history` changes are observed, also those that no reader requests.
    """
    changes = Changes()
    with ExitStack() as running:
        try:
            kernel = _started(config, running, changes.note)
            nat = _nat(config, running, changes.note) if "nat" in config.collectors else None
            monitor = _monitor(config, kernel, nat, running, history)
        except OSError as error:
            raise ConfigError(f"cannot read rtnetlink: {error.strerror or error}") from error
        observations = ObservationCache(monitor)

        def publish(inventory: Inventory) -> None:
            observations.update_inventory(inventory)
            changes.note()

        engine = EngineWatcher(
            config.docker_host,
            find_pid=lambda container_id: read_cgroup_pid(config.sysfs, container_id),
            publish=publish,
            on_idle=on_idle,
            tls=read_tls(config.docker_cert_path),
        )
        monitor.attach_engine(engine)
        running.callback(observations.stop)
        running.callback(engine.stop)
        if history:
            follower = ChangeFollower(observations, changes)
            follower.start()
            running.callback(follower.stop)
        yield Runtime(observations, engine)


def _started(config: Config, running: ExitStack, on_change: Callable[[], None]) -> KernelSampler:
    chosen = config.collectors
    kernel = KernelSampler(
        config.procfs, config.sysfs, sweep="namespace" in chosen, ports="port" in chosen, on_change=on_change
    )
    kernel.start()
    running.callback(kernel.stop)
    return kernel


def _monitor(
    config: Config, kernel: KernelSampler, nat: NatSource | None, running: ExitStack, history: HistoryRecorder | None
) -> Monitor:
    binds = None
    if "bind-failures" in config.collectors:
        from exporter.kernel.bind_failures.source import BindSource

        binds = BindSource(config.sysfs, tracepoints=config.bind_tracepoints)
        binds.start()
        running.callback(binds.stop)
    counted = "connections" in config.collectors
    return Monitor(
        kernel,
        nat=nat,
        ports=kernel if "port" in config.collectors else None,
        binds=binds,
        connections=_connections(config, running) if counted else None,
        lookups=_lookups(config, running) if counted else None,
        forget=config.connections_forget,
        history=history,
    )


def _connections(config: Config, running: ExitStack) -> "ConnectionSource":
    from exporter.kernel.connections.source import ConnectionSource

    source = ConnectionSource(config.procfs, config.sysfs)
    source.start()
    running.callback(source.stop)
    return source


def _lookups(config: Config, running: ExitStack) -> "LookupSource":
    from exporter.kernel.connections.lookups import LookupSource

    source = LookupSource(config.procfs)
    source.start()
    running.callback(source.stop)
    return source


def _nat(config: Config, running: ExitStack, on_change: Callable[[], None]) -> NatSource | None:
    """None on a kernel without netfilter's netlink, where there are no rules to read."""
    try:
        nat = NatSource(config.procfs, on_change)
    except OSError as error:
        log.warning("rules cannot be read", reason=error.strerror or str(error))
        return None
    nat.start()
    running.callback(nat.stop)
    return nat
