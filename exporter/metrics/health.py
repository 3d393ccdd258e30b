"""The exporter and its sources: their state and their durations."""

import platform
from collections.abc import Iterator

from exporter import __revision__, __version__
from exporter.core.nat.view import NatView
from exporter.core.observation import Observation
from exporter.metrics.build import Metric, add_info, counter, gauge, info


def build(_: Observation) -> Iterator[Metric]:
    """dockernet_build_info, which depends on nothing."""
    family = info("dockernet_build_info", "The exporter's build.", ("version", "revision", "python_version"))
    add_info(family, (__version__, __revision__, platform.python_version()))
    yield family


def engine_inputs(observation: Observation) -> object:
    """Return what `engine` depends on."""
    inventory, nat = observation.topology.inventory, observation.nat
    return inventory.connected, inventory.engine, (nat.backend, nat.userland_proxy) if nat else None


def engine(observation: Observation) -> Iterator[Metric]:
    """dockernet_up and dockernet_engine_info."""
    inventory = observation.topology.inventory
    up = gauge("dockernet_up", "1 while the Docker Engine answers.")
    up.add_metric((), inventory.connected)
    yield up
    about = info(
        "dockernet_engine_info",
        "Engine information (GET /info, /version); unknown labels are empty.",
        ("name", "version", "api_version", "kernel", "cgroup_version", "firewall_backend", "userland_proxy"),
    )
    if (known := inventory.engine) is not None:
        values = (known.name, known.version, known.api_version, known.kernel, known.cgroup_version)
        nat = observation.nat or NatView()
        add_info(about, (*values, nat.backend, nat.userland_proxy))
    yield about


def success_inputs(observation: Observation) -> object:
    """Return what `success` depends on."""
    return [(source.name, source.up) for source in observation.sources]


def success(observation: Observation) -> Iterator[Metric]:
    """dockernet_scrape_collector_success."""
    family = gauge("dockernet_scrape_collector_success", "1 when the source was read at this scrape.", ("collector",))
    for source in observation.sources:
        family.add_metric((source.name,), source.up)
    yield family


def durations(observation: Observation) -> Iterator[Metric]:
    """dockernet_scrape_collector_duration_seconds, which differs at each scrape."""
    family = gauge("dockernet_scrape_collector_duration_seconds", "Duration of the source's last read.", ("collector",))
    for source in observation.sources:
        family.add_metric((source.name,), source.duration)
    yield family


def gaps_inputs(observation: Observation) -> object:
    """Return what `gaps` depends on."""
    return observation.degraded, observation.overflows, observation.engine.started


def gaps(observation: Observation) -> Iterator[Metric]:
    """What may be missing: dockernet_collector_degraded and dockernet_link_listener_overflows_total."""
    degraded = gauge(
        "dockernet_collector_degraded",
        "1 for each reason why data is missing; the log names what to grant.",
        ("collector", "reason"),
    )
    for missing in observation.degraded:
        degraded.add_metric((missing.collector, missing.reason), 1)
    overflows = counter(
        "dockernet_link_listener_overflows_total",
        "Losses of rtnetlink messages about devices (ENOBUFS); a device that ended meanwhile is counted up to its last "
        "reading.",
    )
    overflows.add_metric((), observation.overflows, created=observation.engine.started)
    yield from (degraded, overflows)


def following_inputs(observation: Observation) -> object:
    """Return what `following` depends on."""
    return observation.engine, observation.topology.inventory.synced_at


def following(observation: Observation) -> Iterator[Metric]:
    """The event stream and the inventory: dockernet_engine_event*, dockernet_inventory_*."""
    engine = observation.engine
    events = counter(
        "dockernet_engine_events_total",
        "Docker events received, without duplicates; a lower bound, since the engine drops events silently.",
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
    synced = gauge(
        "dockernet_inventory_last_sync_timestamp_seconds", "Unix time of the last full read of the inventory."
    )
    if listed_at := max(engine.listed_at, observation.topology.inventory.synced_at):
        synced.add_metric((), listed_at)
    yield from (events, connected, reconnects, resyncs, synced)
