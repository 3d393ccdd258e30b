"""Rows of the kernel's sums of connections, and a host with two networks to attribute them to."""

from collections.abc import Mapping

from msgspec.structs import replace

from exporter.core.connections.ledger import ConnectionLedger
from exporter.core.connections.pair import Pair
from exporter.core.connections.reading import Counts, End, Living, Reading, Row
from exporter.core.model.container_details import Details, PortBinding
from exporter.core.model.docker import Container, Inventory
from tests.support.builders import inventory, network, run

HOST_COOKIE = 1
GATEWAY, OWN, UPLINK = "172.18.0.1", "172.18.0.2", "192.0.2.10"
HOST_ADDRESSES = frozenset({UPLINK})
FORGET = 3600.0


def publish(container: Container, host_port: int, port: int, host_ip: str = "") -> Container:
    """`docker run -p HOST_IP:HOST_PORT:PORT`."""
    binding = PortBinding("tcp", port, host_ip, host_port, host_port)
    former = container.details.published if container.details else ()
    return replace(container, details=Details(published=(*former, binding)))


def shop() -> Inventory:
    """`web` (with a sidecar), `db` and the publishing `api` on front; `far` on back; `agent` in host mode."""
    front = network("front", bridge="br-front", subnet="172.18.0.0/16", gateway=GATEWAY)
    back = network("back", bridge="br-back", subnet="172.19.0.0/16", gateway="172.19.0.1")
    sidecar = replace(run("sidecar", network="container"), network_owner="web-id")
    return inventory(
        front,
        back,
        run("web", network="front", ip=OWN),
        run("db", network="front", ip="172.18.0.3"),
        publish(run("api", network="front", ip="172.18.0.4"), 8080, 80),
        run("far", network="back", ip="172.19.0.2"),
        sidecar,
        run("agent", network="host"),
    )


def end(
    container_id: str = "web-id",
    remote: str = "172.18.0.3",
    port: int = 5432,
    *,
    local: str = OWN,
    connected: bool = True,
    cookie: int = 7,
    netns: int = 70,
    proxy: bool = False,
) -> End:
    """One end in the namespace of a container, `web` by default."""
    return End(cookie, netns, container_id, local, remote, port, connected, proxy)


def of_host(container_id: str, remote: str, port: int, *, connected: bool = True, proxy: bool = False) -> End:
    """One end in the host's namespace."""
    return end(container_id, remote, port, local=UPLINK, connected=connected, cookie=HOST_COOKIE, netns=1, proxy=proxy)


def row(found: End, *, living: Living | None = None, final: bool = False, **counts: int) -> Row:
    """Sums of an end."""
    return Row(repr(found).encode(), found, Counts(**counts), living or Living(), final)


class Lab:
    """A ledger with the shop's inventory; each reading is a second after the last."""

    def __init__(self, found: Inventory | None = None, namespaces: Mapping[int, str] | None = None) -> None:
        self.ledger = ConnectionLedger(HOST_COOKIE, FORGET)
        self.namespaces = namespaces or {}
        self.now = 1000.0
        self.wall = 0.0  # Unix time is so far ahead of `now`
        self.ledger.update_inventory(found or shop())

    def read(self, *rows: Row, seconds: float = 1.0, lost: int = 0) -> dict[Pair, Counts]:
        """Count a reading; the sums by pair."""
        self.now += seconds
        self.ledger.count(Reading(rows, lost), self.namespaces, HOST_ADDRESSES, self.now + self.wall, self.now)
        return self.sums()

    def sums(self) -> dict[Pair, Counts]:
        """All sums by pair."""
        return {pair: sums.counts for pair, sums in self.ledger.report(older_counted=True).pairs.items()}
