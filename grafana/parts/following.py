"""How the exporters see and follow: sources, rights, the engine's events."""

from grafana_foundation_sdk.builders import statetimeline, table, timeseries

from grafana import columns
from grafana.looks import BAD, GOOD, texts
from grafana.panels import graph, timeline
from grafana.promql import HOST, of, rate, total
from grafana.tables import Column, listing
from grafana.targets import over_time, rows

AGE = f"time() - {of('dockernet_inventory_last_sync_timestamp_seconds', HOST)}"


def sources() -> statetimeline.Panel:
    """Which source could be read, and when."""
    return timeline(
        "Sources",
        "Whether each source was read at each scrape; worst of all hosts.",
        over_time(f"min by (collector) ({of('dockernet_scrape_collector_success', HOST)})", "{{collector}}"),
        mappings=texts(_1=("read", GOOD), _0=("failed", BAD)),
    )


def missing() -> table.Panel:
    """Rights that were not granted."""
    by = "instance, collector, reason"
    return listing(
        "Rights missing",
        "Missing privileges; the exporter's log and the table of privileges name what to grant.",
        [rows(f"max by ({by}) ({of('dockernet_collector_degraded', HOST)} == 1)")],
        [columns.HOST, Column("collector", "Source"), Column("reason", "Missing")],
        hidden=["Value"],
        empty="Every right is granted",
    )


def suspended() -> table.Panel:
    """Findings that are not evaluated."""
    return listing(
        "Findings suspended",
        "Missing inputs because of which some kinds of findings are not evaluated now.",
        [rows(f"max by (instance, reason) ({of('dockernet_findings_suspended', HOST)} == 1)")],
        [columns.HOST, Column("reason", "Reason")],
        hidden=["Value"],
        empty="All kinds are evaluated",
    )


def events() -> timeseries.Panel:
    """What the engines say."""
    return graph(
        "Engine events",
        "Events per minute by what they are about; a lower bound, since engines drop events silently.",
        "short",
        over_time(
            f"60 * {total('instance, type', rate('dockernet_engine_events_total', HOST))}", "{{type}} on {{instance}}"
        ),
    )


def resyncs() -> timeseries.Panel:
    """Full readings of the inventory."""
    return graph(
        "Full readings of the inventory",
        "Per hour and by reason, all chosen hosts together; `reconnect` and `overflow` are events that were missed.",
        "short",
        over_time(
            f"3600 * {total('reason', rate('dockernet_inventory_resyncs_total', HOST))}",
            "{{reason}}",
        ),
        over_time(
            f"3600 * {total('', rate('dockernet_link_listener_overflows_total', HOST))}",
            "device messages lost",
            "overflows",
        ),
    )


def ages() -> timeseries.Panel:
    """How old readings are that are not made at each scrape."""
    return graph(
        "Age of readings",
        "Sources that are read between scrapes; the oldest of all chosen hosts.",
        "s",
        over_time(f"max({AGE})", "inventory", "inventory"),
        over_time(
            f"max({of('dockernet_namespace_statistics_age_seconds', HOST)})", "statistics of namespaces", "namespaces"
        ),
        over_time(f"max({of('dockernet_conntrack_age_seconds', HOST)})", "connections by container", "conntrack"),
    )
