"""Statistics of namespaces as text, and what stands for the tables of bridges and overlays."""

from exporter.core.observation import Observation
from exporter.core.topology.topology import join
from exporter.core.traffic.tcp_udp_ledger import NamespaceCounts, NamespaceStats
from exporter.metrics import fdb, namespace
from exporter.metrics.templated import TemplatedRenderer
from exporter.metrics.text import render
from tests.support.builders import CREATED, bridge, devices, inventory, network
from tests.support.families import Series, values

WEB = NamespaceStats(4711, 1, 2, 3, 4, 5, 6, 7, 8)
COUNTS = NamespaceCounts((("db", CREATED), ("web", CREATED + 1)), (None, WEB), 7.25)
COUNTERS = {
    "tcp_retransmitted_segments": 2,
    "tcp_segments_sent": 3,
    "tcp_listen_overflows": 4,
    "tcp_listen_drops": 5,
    "tcp_resets_sent": 6,
    "tcp_timeouts": 7,
    "udp_receive_buffer_errors": 8,
}


def rendered(counts: NamespaceCounts, *, openmetrics: bool = False) -> str:
    """The counters by the templates, the rest by prometheus_client."""
    observation = Observation(join(inventory(), devices()), namespaces=counts)
    hot, _, _ = TemplatedRenderer(namespace.GROUP).render(observation, openmetrics=openmetrics, limit=1000)
    text = b"".join(hot) + render(namespace.families(observation), openmetrics=openmetrics)
    return text.decode() + ("# EOF\n" if openmetrics else "")


def test_each_family_shows_the_counter_of_its_name_and_an_unread_container_none() -> None:
    web = (("container", "web"),)
    wanted: Series = {(f"dockernet_container_{name}_total", web): value for name, value in COUNTERS.items()}
    wanted["dockernet_container_tcp_connections", web] = 1
    wanted["dockernet_namespace_statistics_age_seconds", ()] = 7.25
    assert values(rendered(COUNTS)) == wanted


def test_openmetrics_says_when_the_sums_began() -> None:
    found = values(rendered(COUNTS, openmetrics=True), openmetrics=True)
    created = {value for (name, _), value in found.items() if name.endswith("_created")}
    assert created == {CREATED + 1}


def test_while_nothing_was_read_there_is_no_age() -> None:
    assert values(rendered(NamespaceCounts())) == {}


def test_every_help_names_the_kernels_field_and_says_when_it_is_read() -> None:
    for family in (namespace.CONNECTIONS, *namespace.COUNTERS):
        assert any(f"({section}: " in family.documentation for section in ("Tcp", "TcpExt", "Udp"))
        assert "dockernet_namespace_statistics_age_seconds" in family.documentation


def test_bridges_tell_what_they_have_learned_and_an_empty_one_nothing() -> None:
    topology = join(
        inventory(network("front"), network("back")),
        devices(bridge("br-front", 3), bridge("br-back", 4), bridge("virbr0", 5)),
    )
    text = render(fdb.families(Observation(topology, learned={3: 12, 5: 1})), openmetrics=False).decode()
    assert values(text) == {
        ("dockernet_bridge_fdb_entries", (("bridge", "br-front"), ("network", "front"))): 12,
        ("dockernet_bridge_fdb_entries", (("bridge", "br-back"), ("network", "back"))): 0,
    }


def test_overlays_tell_their_peers_and_one_that_is_not_read_is_absent() -> None:
    topology = join(inventory(network("ov", driver="overlay"), network("ingress", driver="overlay")), devices())
    text = render(fdb.families(Observation(topology, overlay_peers={"ov-net": 2})), openmetrics=False).decode()
    assert values(text) == {("dockernet_overlay_peers", (("network", "ov"),)): 2}


def test_a_source_that_failed_costs_its_family() -> None:
    topology = join(inventory(network("front")), devices(bridge("br-front", 3)))
    assert list(fdb.families(Observation(topology))) == []
