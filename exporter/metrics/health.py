"""The exporter and its sources: whether what is shown can be trusted."""

import platform
from collections.abc import Iterator

from exporter import __revision__, __version__
from exporter.core.nat.tracker import NatView
from exporter.core.observation import Observation
from exporter.metrics.build import Metric, add_info, counter, gauge, info


def families(observation: Observation) -> Iterator[Metric]:
    """All families of this file."""
    yield build()
    yield from engine(observation)
    yield from sources(observation)
    yield from following(observation)


def build() -> Metric:
    """dockernet_build_info."""
    family = info("dockernet_build_info", "The exporter's build.", ("version", "revision", "python_version"))
    add_info(family, (__version__, __revision__, platform.python_version()))
    return family


def engine(observation: Observation) -> Iterator[Metric]:
    """dockernet_up and dockernet_engine_info."""
    inventory = observation.topology.inventory
    up = gauge("dockernet_up", "1 while the Docker Engine answers.")
    up.add_metric((), inventory.connected)
    yield up
    about = info(
        "dockernet_engine_info",
        "The engine; what is not known is empty.",
        ("name", "version", "api_version", "kernel", "cgroup_version", "firewall_backend", "userland_proxy"),
    )
    if (known := inventory.engine) is not None:
        values = (known.name, known.version, known.api_version, known.kernel, known.cgroup_version)
        nat = observation.nat or NatView()
        add_info(about, (*values, nat.backend, nat.userland_proxy))
    yield about


def sources(observation: Observation) -> Iterator[Metric]:
    """dockernet_scrape_collector_success, _duration_seconds and dockernet_collector_degraded."""
    success = gauge("dockernet_scrape_collector_success", "1 when the source was read at this scrape.", ("collector",))
    duration = gauge("dockernet_scrape_collector_duration_seconds", "How long reading it took.", ("collector",))
    for source in observation.sources:
        success.add_metric((source.name,), source.up)
        duration.add_metric((source.name,), source.duration)
    degraded = gauge(
        "dockernet_collector_degraded",
        "1 per capability that is missing; the log says what to grant.",
        ("collector", "reason"),
    )
    for missing in observation.degraded:
        degraded.add_metric((missing.collector, missing.reason), 1)
    overflows = counter(
        "dockernet_link_listener_overflows_total",
        "Times that messages about devices were lost: what ended in between is counted up to its last reading.",
    )
    overflows.add_metric((), observation.overflows, created=observation.engine.started)
    yield from (success, duration, degraded, overflows)


def following(observation: Observation) -> Iterator[Metric]:
    """How the engine is followed: dockernet_engine_event*, dockernet_inventory_*."""
    engine = observation.engine
    events = counter(
        "dockernet_engine_events_total",
        "Docker events seen, duplicates removed; a lower bound, since the engine drops events silently.",
        ("type", "action"),
    )
    for (kind, action), count in sorted(engine.events.items()):
        events.add_metric((kind, action), count, created=engine.started)
    connected = gauge("dockernet_engine_event_stream_connected", "1 while the event stream is open.")
    connected.add_metric((), engine.stream_connected)
    reconnects = counter("dockernet_engine_event_stream_reconnects_total", "Event streams opened after the first.")
    reconnects.add_metric((), engine.reconnects, created=engine.started)
    resyncs = counter("dockernet_inventory_resyncs_total", "Full re-reads of the inventory.", ("reason",))
    for reason, count in engine.resyncs.items():
        resyncs.add_metric((reason,), count, created=engine.started)
    synced = gauge("dockernet_inventory_last_sync_timestamp_seconds", "When the inventory was last read in full.")
    if observation.topology.inventory.synced_at:
        synced.add_metric((), observation.topology.inventory.synced_at)
    yield from (events, connected, reconnects, resyncs, synced)
