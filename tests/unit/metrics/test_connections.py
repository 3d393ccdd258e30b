"""Connections as text: families with series of their own, exact values, a summary."""

from msgspec.structs import replace

from exporter.core.connections.lookups import LookupCounts
from exporter.core.connections.pair import ConnectionReport, Pair, PairSums
from exporter.core.connections.reading import Counts, Living
from exporter.core.observation import Observation
from exporter.metrics.connections import families
from exporter.metrics.exposition import Exposition
from exporter.metrics.text import render
from tests.support import builders

WEB_DB = Pair("web", "db", "container", "5432", "client")
OUTSIDE = Pair("web", "", "outside", "80", "server")
COUNTS = Counts(established=3, refused=2, reset=1, sent=2**60 + 1, received=5, retransmitted=4, setup_ns=1_500_000)
REPORT = ConnectionReport(
    {
        OUTSIDE: PairSums(Counts(established=7), created=10.0),
        WEB_DB: PairSums(COUNTS, Living(2, 0, 300, 2), created=20.0),
    },
    lost=9,
    started=5.0,
)
DB = 'container="web",peer="db",peer_kind="container",port="5432",protocol="tcp"'
OUT = 'container="web",peer="",peer_kind="outside",port="80",protocol="tcp"'


def observed(report: ConnectionReport | None = REPORT) -> Observation:
    return replace(builders.observed(builders.shop()), connections=report)


def lines(*, openmetrics: bool = False, limit: int = 0) -> list[str]:
    exposition = Exposition(("connections",), limit=limit, own_metrics=False)
    text = exposition.render(observed(), openmetrics=openmetrics).decode()
    return [line for line in text.splitlines() if line.startswith("dockernet_connection")]


def test_each_pair_has_its_series_and_reasons_only_where_they_occurred() -> None:
    assert lines()[1:] == [
        f'dockernet_connections_established_total{{{OUT},side="server"}} 7',
        f'dockernet_connections_established_total{{{DB},side="client"}} 3',
        f'dockernet_connections_active{{{OUT},side="server"}} 0',
        f'dockernet_connections_active{{{DB},side="client"}} 2',
        f'dockernet_connection_receive_bytes_total{{{OUT},side="server"}} 0',
        f'dockernet_connection_receive_bytes_total{{{DB},side="client"}} 5',
        f'dockernet_connection_transmit_bytes_total{{{OUT},side="server"}} 0',
        f'dockernet_connection_transmit_bytes_total{{{DB},side="client"}} {2**60 + 1}',
        f'dockernet_connection_retransmitted_segments_total{{{OUT},side="server"}} 0',
        f'dockernet_connection_retransmitted_segments_total{{{DB},side="client"}} 4',
        f'dockernet_connections_failed_total{{{DB},reason="refused"}} 2',
        f'dockernet_connections_broken_total{{{DB},reason="reset",side="client"}} 1',
        f"dockernet_connection_setup_seconds_sum{{{DB}}} 0.001500000",
        f"dockernet_connection_setup_seconds_count{{{DB}}} 3",
        f'dockernet_connection_round_trip_seconds{{{DB},side="client"}} 0.000150',
    ]


def test_openmetrics_says_since_when_each_pair_counts() -> None:
    created = [line for line in lines(openmetrics=True) if "_created" in line and "lost" not in line]
    assert f'dockernet_connections_established_created{{{OUT},side="server"}} 10.000' in created
    assert f"dockernet_connection_setup_seconds_created{{{DB}}} 20.000" in created


def test_the_limit_of_series_holds() -> None:
    assert len(lines(limit=7)) == 1 + 5 + 1 + 1


def test_the_losses_are_there_before_any_pair() -> None:
    text = render(families(observed(ConnectionReport(lost=9, started=5.0))), openmetrics=False).decode()
    assert "dockernet_connections_lost_total 9.0" in text


def test_without_the_programs_there_is_nothing() -> None:
    assert list(families(observed(None))) == []
    assert b"dockernet_connection" not in Exposition(("connections",)).render(observed(None))


def test_a_pair_that_comes_has_its_series_at_once() -> None:
    exposition = Exposition(("connections",), own_metrics=False)
    first = replace(REPORT, pairs={OUTSIDE: REPORT.pairs[OUTSIDE]})
    assert DB.encode() not in exposition.render(observed(first))
    assert DB.encode() in exposition.render(observed())
    assert DB.encode() not in exposition.render(observed(first))


def test_lookups_have_a_series_for_each_protocol() -> None:
    asked = replace(observed(None), lookups=LookupCounts((("db", 20.0), ("web", 10.0)), ((1, 2), (0, 30))))
    text = Exposition(("connections",), own_metrics=False).render(asked).decode()
    assert [line for line in text.splitlines() if line.startswith("dockernet_container_dns")] == [
        'dockernet_container_dns_lookups_total{container="db",protocol="tcp"} 1',
        'dockernet_container_dns_lookups_total{container="db",protocol="udp"} 2',
        'dockernet_container_dns_lookups_total{container="web",protocol="tcp"} 0',
        'dockernet_container_dns_lookups_total{container="web",protocol="udp"} 30',
    ]
