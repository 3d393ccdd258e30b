"""Whether what is shown can be trusted, as text."""

import platform

from msgspec.structs import replace

from exporter import __revision__, __version__
from exporter.core.model.docker import Inventory
from exporter.core.model.kernel_sample import Degraded, Devices, SourceState
from exporter.core.observation import EngineStats, Observation
from exporter.core.topology.topology import join
from tests.support.builders import CREATED, devices, inventory
from tests.support.families import exposed, section

QUIET = Observation(join(inventory(), devices()))


def test_the_build_is_told() -> None:
    assert section(exposed(QUIET), "dockernet_build_info") == (
        "# TYPE dockernet_build_info gauge\n"
        f'dockernet_build_info{{python_version="{platform.python_version()}",revision="{__revision__}",'
        f'version="{__version__}"}} 1.0\n'
    )


def test_an_engine_that_answers_is_up_and_told_what_it_is() -> None:
    assert section(exposed(QUIET), "dockernet_up", "dockernet_engine_info") == (
        "# TYPE dockernet_up gauge\n"
        "dockernet_up 1.0\n"
        "# TYPE dockernet_engine_info gauge\n"
        'dockernet_engine_info{api_version="1.52",cgroup_version="2",firewall_backend="",kernel="6.12.0",'
        'name="docker-host",userland_proxy="",version="29.1.0"} 1.0\n'
    )


def test_an_engine_that_never_answered_is_down_and_nothing_is_told_of_it() -> None:
    never = Observation(join(Inventory(), Devices()))
    assert section(exposed(never), "dockernet_up", "dockernet_engine_info") == (
        "# TYPE dockernet_up gauge\ndockernet_up 0.0\n# TYPE dockernet_engine_info gauge\n"
    )
    assert section(exposed(never), "dockernet_inventory_last_sync_timestamp_seconds").count("\n") == 1


def test_every_source_says_whether_it_was_read_and_how_long_that_took() -> None:
    sources = (SourceState("links", up=True, duration=0.5), SourceState("link_stats", up=False, duration=0.25))
    shown = section(
        exposed(replace(QUIET, sources=sources)),
        "dockernet_scrape_collector_success",
        "dockernet_scrape_collector_duration_seconds",
    )
    assert shown == (
        "# TYPE dockernet_scrape_collector_success gauge\n"
        'dockernet_scrape_collector_success{collector="links"} 1.0\n'
        'dockernet_scrape_collector_success{collector="link_stats"} 0.0\n'
        "# TYPE dockernet_scrape_collector_duration_seconds gauge\n"
        'dockernet_scrape_collector_duration_seconds{collector="links"} 0.5\n'
        'dockernet_scrape_collector_duration_seconds{collector="link_stats"} 0.25\n'
    )


def test_a_missing_capability_is_told_by_its_reason() -> None:
    missing = replace(QUIET, degraded=(Degraded("namespaces", "no_net_admin", "grant it"),))
    assert section(exposed(missing), "dockernet_collector_degraded") == (
        "# TYPE dockernet_collector_degraded gauge\n"
        'dockernet_collector_degraded{collector="namespaces",reason="no_net_admin"} 1.0\n'
    )


def test_how_the_engine_is_followed_is_told() -> None:
    stats = EngineStats(
        CREATED,
        stream_connected=True,
        events={("network", "connect"): 3, ("container", "start"): 2},
        reconnects=1,
        resyncs={"start": 1, "reconnect": 0},
    )
    shown = section(
        exposed(replace(QUIET, engine=stats, overflows=4)),
        "dockernet_engine_events_total",
        "dockernet_engine_event_stream_connected",
        "dockernet_engine_event_stream_reconnects_total",
        "dockernet_inventory_resyncs_total",
        "dockernet_inventory_last_sync_timestamp_seconds",
        "dockernet_link_listener_overflows_total",
    )
    assert [line for line in shown.splitlines() if not line.startswith("#")] == [
        "dockernet_link_listener_overflows_total 4.0",
        'dockernet_engine_events_total{action="start",type="container"} 2.0',
        'dockernet_engine_events_total{action="connect",type="network"} 3.0',
        "dockernet_engine_event_stream_connected 1.0",
        "dockernet_engine_event_stream_reconnects_total 1.0",
        'dockernet_inventory_resyncs_total{reason="start"} 1.0',
        'dockernet_inventory_resyncs_total{reason="reconnect"} 0.0',
        "dockernet_inventory_last_sync_timestamp_seconds 1.7e+09",
    ]


def test_the_last_list_counts_although_it_found_no_change() -> None:
    later = replace(QUIET, engine=EngineStats(CREATED, listed_at=CREATED + 60))
    name = "dockernet_inventory_last_sync_timestamp_seconds"
    assert f"{name} 1.70000006e+09\n" in section(exposed(later), name)
