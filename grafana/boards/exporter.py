"""Exporter: whether the other dashboards can be believed, and what the exporter costs."""

from grafana_foundation_sdk.builders import stat, table, timeseries
from grafana_foundation_sdk.models import dashboard

from grafana import columns, runbooks
from grafana.dashboard import assembled
from grafana.grid import Grid
from grafana.looks import BAD, NOTED
from grafana.panels import graph, verdict
from grafana.parts import following, verdicts
from grafana.promql import HOST, moved, of, or_zero, rate, total
from grafana.tables import Column, listing
from grafana.targets import over_time, rows


def build() -> dashboard.Dashboard:
    """The whole dashboard."""
    grid = Grid()
    grid.row("Can it be believed?")
    grid.place(3, 4, *first_row())
    grid.place(8, 8, following.sources(), following.missing(), following.suspended())
    grid.row("How the engine is followed")
    grid.place(8, 8, following.events(), following.resyncs(), following.ages())
    grid.row("What it costs")
    grid.place(8, 8, *scrapes())
    grid.place(8, 8, *resources())
    grid.row("Builds")
    grid.place(24, 6, builds())
    return assembled(
        "exporter",
        "Exporter",
        "The exporters' health: missing data, its age, and the exporters' cost.",
        (),
        grid,
    )


def first_row() -> list[stat.Panel]:
    """The verdicts."""
    return [
        verdicts.silent_exporters(),
        verdict(
            "Sources failing",
            "Sources that could not be read at the last scrape: their families are absent, not 0.",
            f"count({of('dockernet_scrape_collector_success', HOST)} == 0)"
            f" or 0 * count({of('dockernet_scrape_collector_success', HOST)})",
            links=[runbooks.link("DockernetSourceFailing")],
        ),
        verdict(
            "Privileges missing",
            "Data that an exporter cannot read because a privilege is missing.",
            or_zero(f"count({of('dockernet_collector_degraded', HOST)} == 1)"),
            steps=((1, NOTED),),
            links=[runbooks.link("DockernetCollectorDegraded")],
        ),
        verdict(
            "Findings suspended",
            "Missing inputs because of which some kinds of findings are not evaluated now.",
            or_zero(f"count({of('dockernet_findings_suspended', HOST)} == 1)"),
            steps=((1, NOTED),),
            links=[runbooks.link("DockernetFindingsSuspended")],
        ),
        verdict(
            "Event streams down",
            "Engines without an event stream: changes appear at the next full reading only.",
            f"count({of('dockernet_engine_event_stream_connected', HOST)})"
            f" - sum({of('dockernet_engine_event_stream_connected', HOST)})",
            links=[runbooks.link("DockernetEventStreamDown")],
        ),
        verdict(
            "Oldest inventory",
            "Time since the inventory was last read in full; it is read every minute in addition to events.",
            f"max({following.AGE})",
            unit="s",
            steps=((150, NOTED), (600, BAD)),
            links=[runbooks.link("DockernetInventoryStale")],
        ),
        verdict(
            "Slowest scrape",
            "The longest of the last scrapes, as Prometheus saw it.",
            f"max({of('scrape_duration_seconds', HOST)})",
            unit="s",
            steps=((1, NOTED), (5, BAD)),
        ),
        verdict(
            "Series dropped",
            "Series omitted in the time range because of --limits.series.",
            or_zero(total("", moved("dockernet_series_dropped_total", HOST))),
            unit="short",
            steps=((1, NOTED),),
            links=[runbooks.link("DockernetSeriesDropped")],
        ),
    ]


def scrapes() -> list[timeseries.Panel]:
    """What a scrape costs."""
    return [
        graph(
            "Duration of a scrape",
            "As Prometheus saw it; it gives up after its scrape_timeout.",
            "s",
            over_time(of("scrape_duration_seconds", HOST), "{{instance}}"),
        ),
        graph(
            "Duration by source",
            "How long reading each source took, worst of all hosts.",
            "s",
            over_time(
                f"max by (collector) ({of('dockernet_scrape_collector_duration_seconds', HOST)})", "{{collector}}"
            ),
        ),
        graph(
            "Series per scrape",
            "Samples in one scrape of each exporter.",
            "short",
            over_time(of("scrape_samples_scraped", HOST), "{{instance}}"),
            over_time(
                total("instance", rate("dockernet_series_dropped_total", HOST)),
                "dropped per second on {{instance}}",
                "dropped",
            ),
        ),
    ]


def resources() -> list[timeseries.Panel]:
    """What the process costs."""
    return [
        graph(
            "Processor",
            "Share of one core that the exporter uses.",
            "percentunit",
            over_time(total("instance", rate("process_cpu_seconds_total", HOST)), "{{instance}}"),
        ),
        graph(
            "Memory",
            "Resident memory of the exporter.",
            "bytes",
            over_time(of("process_resident_memory_bytes", HOST), "{{instance}}"),
        ),
        graph(
            "Open files",
            "Open file descriptors of the exporter: sockets, the event stream, its listeners.",
            "short",
            over_time(of("process_open_fds", HOST), "{{instance}}"),
        ),
    ]


def builds() -> table.Panel:
    """Which exporter is where."""
    answers = {
        "build": f"max by (instance, version, revision, python_version) ({of('dockernet_build_info', HOST)})",
        "uptime": f"max by (instance) (time() - {of('process_start_time_seconds', HOST)})",
    }
    return listing(
        "Builds",
        "The version of each exporter, and how long it has been running.",
        [rows(expr, ref) for ref, expr in answers.items()],
        [
            columns.HOST,
            Column("version", "Version"),
            Column("revision", "Revision"),
            Column("python_version", "Python"),
            Column("Value #uptime", "Running for", unit="s"),
        ],
        hidden=["Value #build"],
    )
