"""The same families as most exporters make them: pyroute2's get_links, prometheus_client's generate_latest."""

from collections.abc import Iterator
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, InfoMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from pyroute2 import IPRoute

from bench.devices import PORTS, bridge_name
from bench.documents import IMAGE, container_id

# The endpoint's name of a counter, the veth's, and the field of rtnl_link_stats64.
COUNTERS = (
    ("receive_bytes", "transmit_bytes", "tx_bytes"),
    ("transmit_bytes", "receive_bytes", "rx_bytes"),
    ("receive_packets", "transmit_packets", "tx_packets"),
    ("transmit_packets", "receive_packets", "rx_packets"),
    ("receive_errors", "transmit_errors", "tx_errors"),
    ("transmit_errors", "receive_errors", "rx_errors"),
    ("receive_packets_dropped", "transmit_packets_dropped", "tx_dropped"),
    ("transmit_packets_dropped", "receive_packets_dropped", "rx_dropped"),
)


class Rival:
    """A collector that knows whose each veth is, so that it is spared the join."""

    def __init__(self) -> None:
        self._route = IPRoute()
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def scrape(self) -> bytes:
        """Return the exposition."""
        return generate_latest(self._registry)

    def close(self) -> None:
        """Close the socket."""
        self._route.close()

    def describe(self) -> list[Metric]:
        """Nothing: registering does not scrape."""
        return []

    def collect(self) -> Iterator[Metric]:
        """All families."""
        found = [link for link in self._route.get_links() if str(link.get_attr("IFLA_IFNAME")).startswith("veth")]
        yield self._containers(len(found))
        counters = [(int(link.get_attr("IFLA_IFNAME")[4:], 16), link) for link in found]
        for endpoint, veth, field in COUNTERS:
            yield from self._counters(endpoint, veth, [(n, _counter(link, field)) for n, link in counters])

    def _counters(self, endpoint: str, veth: str, values: list[tuple[int, int]]) -> Iterator[Metric]:
        ends = CounterMetricFamily(f"rival_endpoint_{endpoint}", "Container's view.", labels=("container", "network"))
        hosts = CounterMetricFamily(
            f"rival_veth_{veth}", "Host's view.", labels=("bridge", "container", "network", "veth")
        )
        for number, value in values:
            network = f"shop-{number // PORTS}"
            container = f"{network}-web-{number}"
            ends.add_metric((container, network), value)
            hosts.add_metric((bridge_name(number // PORTS), container, network, f"veth{number:07x}"), value)
        yield from (ends, hosts)

    def _containers(self, count: int) -> Metric:
        family = InfoMetricFamily("rival_container", "A container.", labels=("container", "container_id", "image"))
        for number in range(count):
            name = f"shop-{number // PORTS}-web-{number}"
            family.add_metric((name, container_id(number), IMAGE), {})
        return family


def _counter(link: Any, field: str) -> int:
    return int(link.get_attr("IFLA_STATS64")[field])
