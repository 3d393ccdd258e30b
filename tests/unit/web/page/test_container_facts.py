from msgspec.structs import replace

from exporter.core.connections.pair import CLIENT, CONTAINER, OUTSIDE, SERVER, ConnectionReport, Pair, PairSums
from exporter.core.connections.reading import Counts, Living
from exporter.core.model import sockets
from exporter.core.model.sockets import HostSockets, Listener, ListeningSocket, Owner
from exporter.core.observation import Observation
from exporter.web.page.container_facts import MAX_PEERS, listener_facts, peer_facts
from tests.support.page_hosts import shop


def listens(found: Observation, container: str) -> list[str]:
    containers = found.topology.inventory.containers
    return [value for _, value in listener_facts(found, containers[f"{container}-id"])]


def test_listeners_are_those_of_the_namespace_with_ranges_of_ports() -> None:
    ports = (80, *range(8000, 8011))
    found = replace(shop(), inside={"web-id": tuple(ListeningSocket("tcp", "0.0.0.0", port) for port in ports)})
    assert listens(found, "web") == ["0.0.0.0 tcp/80, 8000-8010"]


def test_unread_sockets_are_unknown_and_read_ones_may_be_none() -> None:
    assert listens(shop(), "web") == ["unknown: its sockets could not be read"]
    assert listens(replace(shop(), inside={"db-id": ()}), "web") == ["unknown: its sockets could not be read"]
    assert listens(replace(shop(), inside={"db-id": ()}), "db") == ["no port"]


def test_in_host_mode_they_are_its_own_of_the_hosts() -> None:
    its_own, other = (Owner(sockets.CONTAINER, name, f"{name}-id") for name in ("agent", "other"))
    listeners = tuple(
        Listener(ListeningSocket("tcp", "::", port), owner) for port, owner in ((9100, its_own), (22, other))
    )
    assert listens(replace(shop(), sockets=HostSockets(listeners)), "agent") == [":: tcp/9100"]
    incomplete = replace(shop(), sockets=HostSockets(listeners, complete=False))
    assert listens(incomplete, "agent") == ["unknown: its sockets could not be read"]


def test_peers_are_by_direction_with_failures_first() -> None:
    counts = Counts(established=3, received=2000, sent=10)
    pairs = {
        Pair("web", "db", CONTAINER, "5432", CLIENT): PairSums(counts, Living(established=1)),
        Pair("web", "", OUTSIDE, "443", CLIENT): PairSums(Counts(timed_out=2)),
        Pair("web", "", OUTSIDE, "80", SERVER): PairSums(counts),
        Pair("db", "web", CONTAINER, "5432", SERVER): PairSums(counts),
    }
    found = replace(shop(), connections=ConnectionReport(pairs))
    assert list(peer_facts(found, "web")) == [
        ("Connects to", "outside of the host tcp/443: 0 open, 0 established, 2 timed out, 0 B received, 0 B sent"),
        ("Connects to", "db tcp/5432: 1 open, 3 established, 2.0 kB received, 10 B sent"),
        ("Connections from", "outside of the host tcp/80: 0 open, 3 established, 2.0 kB received, 10 B sent"),
    ]
    assert list(peer_facts(shop(), "web")) == []


def test_many_peers_are_cut() -> None:
    pairs = {Pair("web", "", OUTSIDE, str(port), CLIENT): PairSums() for port in range(MAX_PEERS + 3)}
    found = list(peer_facts(replace(shop(), connections=ConnectionReport(pairs)), "web"))
    assert len(found) == MAX_PEERS + 1
    assert found[-1] == ("Further peers", "3")
