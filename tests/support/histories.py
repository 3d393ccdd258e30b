"""Hosts by the shortest words, for tests that need many of them in a row."""

from msgspec.structs import replace

from exporter.core.model.docker import Container
from exporter.core.model.kernel_sample import StatsRow
from exporter.core.topology.topology import Topology, join
from exporter.core.traffic.ledger import Ledger
from tests.support.builders import bridge, connect, devices, inventory, network, run, stop, veth

NETWORKS = ("front", "back")


def host(*veths: tuple[str, str, int], stopped: tuple[str, ...] = (), ids: dict[str, str] | None = None) -> Topology:
    """A host with these veths: container, network, ifindex. `stopped` containers exist too; `ids` of those re-made."""
    containers = _containers(veths) | {name: stop(run(name)) for name in stopped}
    nsids = {name: nsid for nsid, name in enumerate(containers, 1)}
    ids = {name: f"{name}-id" for name in containers} | (ids or {})
    found = devices(
        *(bridge(f"br-{name}", number) for number, name in enumerate(NETWORKS, 3)),
        *(
            veth(f"veth{ifindex}", ifindex, master=3 + NETWORKS.index(net), nsid=nsids[name])
            for name, net, ifindex in veths
        ),
    )
    return join(
        inventory(*(replace(c, id=ids[c.name]) for c in containers.values()), *(network(name) for name in NETWORKS)),
        replace(found, sandboxes={ids[name]: nsid for name, nsid in nsids.items()}),
    )


def _containers(veths: tuple[tuple[str, str, int], ...]) -> dict[str, Container]:
    found: dict[str, Container] = {}
    for name, net, _ in veths:
        found[name] = connect(found[name], net) if name in found else run(name, network=net)
    return found


def exposed(ledger: Ledger, topology: Topology) -> dict[tuple[str, str], StatsRow]:
    """The sums that a scrape would show now, by container and network, without the first place."""
    sums = ledger.endpoints(topology)
    return {(a.container.name, a.network.name): sums[key][1:] for a, key, _ in topology.counted}
