"""The exporters of the made-up hosts: what they see, how they follow the engine, what they cost."""

from grafana.preview.fleet import ENGINES
from grafana.preview.history import NEVER, History, during, once, wave
from grafana.preview.incidents import ENGINE_AWAY

# Sources with the seconds that reading one takes.
SOURCES = {
    "links": 0.004,
    "link_stats": 0.003,
    "fdb": 0.002,
    "conntrack": 0.001,
    "namespace_stats": 0.011,
    "sockets": 0.005,
    "namespace_sockets": 0.007,
}
# Events of one container's life: type, action, how many.
EVENTS = (
    ("container", "start", 1.0),
    ("container", "die", 1.0),
    ("container", "restart", 0.1),
    ("container", "oom", 0.02),
    ("container", "kill", 0.3),
    ("network", "connect", 1.1),
    ("network", "disconnect", 1.1),
    ("image", "pull", 0.4),
)


def fill(history: History) -> None:
    """All of it."""
    for host in ENGINES:
        _process(history, host)
        _sources(history, host)
        _following(history, host)
        _changes(history, host)
    _changes(history, host)


def _process(history: History, host: str) -> None:
    busy = 1.6 if host == "shop-1" else 1.0
    history.gauge("up", host, {})
    build = {"version": "0.1.0", "revision": "7f3c2a1", "python_version": "3.12.11"}
    history.gauge("dockernet_build_info", host, build)
    history.gauge("scrape_duration_seconds", host, {}, wave(0.021 * busy, host, 0.1))
    history.gauge("scrape_samples_scraped", host, {}, wave(1180 * busy, host, 0.01))
    history.counter("process_cpu_seconds_total", host, {}, wave(0.006 * busy, host, 0.1))
    history.gauge("process_resident_memory_bytes", host, {}, wave(61e6 * busy**0.3, host, 0.01))
    history.gauge("process_open_fds", host, {}, 24)
    history.gauge("process_start_time_seconds", host, {}, history.end - 9 * 86400)
    dropped = during((0.5, 0.45) if host == "shop-1" else NEVER, 0.02)
    history.counter("dockernet_series_dropped_total", host, {"family": "dockernet_veth_receive_bytes_total"}, dropped)


def _sources(history: History, host: str) -> None:
    for source, seconds in SOURCES.items():
        failed = (1.05, 1.0) if (host, source) == ("edge-1", "sockets") else NEVER
        of = {"collector": source}
        history.gauge("dockernet_scrape_collector_success", host, of, during(failed, 0, 1))
        history.gauge("dockernet_scrape_collector_duration_seconds", host, of, wave(seconds, source + host, 0.2))
    if host == "edge-1":
        history.gauge("dockernet_collector_degraded", host, {"collector": "overlay", "reason": "no_sys_admin"})
        history.gauge("dockernet_findings_suspended", host, {"reason": "overlays"})
    history.gauge("dockernet_namespace_statistics_age_seconds", host, {}, wave(6, host, 0.2))
    history.gauge("dockernet_conntrack_age_seconds", host, {}, wave(11, host, 0.2))
    history.counter("dockernet_link_listener_overflows_total", host, {})


def _changes(history: History, host: str) -> None:
    """The engine that was away; a container that started afterwards."""
    for kind in ("engine_returned", "finding_began", "container_started"):
        history.counter(
            "dockernet_changes_total", host, {"kind": kind}, once(ENGINE_AWAY[1]) if host == "edge-1" else 0
        )


def _following(history: History, host: str) -> None:
    busy = 0.4 if host == "build-1" else 0.15
    for kind, action, count in EVENTS:
        of = {"type": kind, "action": action}
        history.counter("dockernet_engine_events_total", host, of, wave(busy * count, host + action))
    back = once(ENGINE_AWAY[1]) if host == "edge-1" else 0
    history.counter("dockernet_engine_event_stream_reconnects_total", host, {}, back)
    for reason, rate in (("start", 0), ("reconnect", back), ("overflow", 0), ("periodic", 1 / 60)):
        history.counter("dockernet_inventory_resyncs_total", host, {"reason": reason}, rate)
    synced = "dockernet_inventory_last_sync_timestamp_seconds"
    history.gauge(synced, host, {}, lambda ago: history.end - 3600 * ago - 25)
