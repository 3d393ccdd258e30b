"""Which of the made-up containers connects to which: the shop's cache refuses its clients at the end."""

from typing import NamedTuple

from grafana.preview.fleet import ENGINES
from grafana.preview.history import History, during, scaled, wave


class Pair(NamedTuple):
    """Connections per second of a container, with the bytes of each; `fails` is a reason."""

    host: str
    container: str
    peer: str
    peer_kind: str
    port: str
    side: str
    rate: float
    size: float
    fails: str = ""


PAIRS = (
    Pair("shop-1", "shop-web-1", "shop-api-1", "container", "8000", "client", 40, 30_000),
    Pair("shop-1", "shop-api-1", "shop-db-1", "container", "5432", "client", 3, 400_000),
    Pair("shop-1", "shop-api-1", "shop-cache-1", "container", "6379", "client", 12, 9_000, "refused"),
    Pair("shop-1", "shop-api-1", "", "outside", "443", "client", 0.8, 50_000, "timed_out"),
    Pair("shop-1", "shop-web-1", "", "outside", "80", "server", 55, 90_000),
    Pair("shop-1", "prometheus", "shop-api-1", "container", "9100", "client", 0.07, 80_000),
    Pair("shop-1", "grafana", "prometheus", "container", "9090", "client", 0.4, 60_000),
    Pair("edge-1", "edge-proxy-1", "edge-app-1", "container", "8080", "client", 70, 40_000),
    Pair("edge-1", "edge-proxy-1", "", "outside", "443", "server", 80, 60_000),
    Pair("edge-1", "", "edge-app-1", "container", "8080", "client", 0.03, 500, "abandoned"),
)
# Sockets per second that query the embedded DNS.
LOOKUPS = (
    ("shop-1", "shop-web-1", 18.0),
    ("shop-1", "shop-api-1", 9.0),
    ("shop-1", "prometheus", 0.2),
    ("edge-1", "edge-proxy-1", 31.0),
)


def fill(history: History) -> None:
    """All of it."""
    for host in ENGINES:
        history.counter("dockernet_connections_lost_total", host, {})
    for pair in PAIRS:
        _pair(history, pair)
    for host, container, rate in LOOKUPS:
        of = {"container": container, "protocol": "udp"}
        history.counter("dockernet_container_dns_lookups_total", host, of, wave(rate, container))


def _pair(history: History, pair: Pair) -> None:
    name = f"{pair.container}{pair.peer}{pair.port}"
    of = {key: getattr(pair, key) for key in ("container", "peer", "peer_kind", "port")} | {"protocol": "tcp"}
    side = of | {"side": pair.side}
    rate, host = wave(pair.rate, name), pair.host
    history.counter("dockernet_connections_established_total", host, side, rate)
    history.gauge("dockernet_connections_active", host, side, wave(1 + pair.rate / 2, name))
    history.counter("dockernet_connection_receive_bytes_total", host, side, scaled(rate, pair.size))
    history.counter("dockernet_connection_transmit_bytes_total", host, side, scaled(rate, pair.size / 9))
    history.counter("dockernet_connection_retransmitted_segments_total", host, side, scaled(rate, 0.02))
    history.gauge("dockernet_connection_round_trip_seconds", host, side, wave(0.0004, name))
    if pair.side == "client":
        history.counter("dockernet_connection_setup_seconds_sum", host, of, scaled(rate, 0.0006))
        history.counter("dockernet_connection_setup_seconds_count", host, of, rate)
    if pair.fails:
        failed = during((0.6, 0), wave(pair.rate / 3, name), 0.01)
        history.counter("dockernet_connections_failed_total", host, of | {"reason": pair.fails}, failed)
