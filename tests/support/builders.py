"""Hosts written down as an operator would make them: `run("web", network="front")`, `network("front")`.

A container's id is its name with `-id`, a network's its name with `-net`, so that a test can name either without
looking it up. A row of counters is the host's view unless it says otherwise.
"""

from collections.abc import Mapping

from msgspec.structs import replace

from exporter.core.model.docker import Container, Endpoint, Engine, Interface, Inventory, Link, Network, Subnet
from exporter.core.model.kernel_sample import Devices, EndedLink, KernelSample, SourceState, StatsRow
from exporter.core.observation import EngineStats, Observation
from exporter.core.topology.topology import Topology, join
from exporter.core.traffic.bridge_split import Splits
from exporter.core.traffic.ledger import Ledger

ENGINE = Engine("docker-host", "29.1.0", "1.52", "6.12.0", "2")
CREATED = 1_700_000_000.0
NO_NETWORK_OF_ITS_OWN = ("host", "none", "container")


def run(
    name: str,
    *,
    network: str = "bridge",
    ip: str = "",
    mac: str = "",
    gateway: str = "",
    image: str = "busybox:local",
    labels: Mapping[str, str] | None = None,
    container_id: str = "",
    created: float = CREATED,
    pid: int = 0,
) -> Container:
    """`docker run -d --name NAME --network NETWORK`, as an inspect tells it."""
    mode, _, owner = network.partition(":")
    container = Container(
        id=container_id or f"{name}-id",
        name=name,
        image=image,
        state="running",
        network_mode=mode,
        network_owner=owner,
        labels=labels or {},
        created=created,
        pid=pid,
    )
    if mode in NO_NETWORK_OF_ITS_OWN:
        return container
    return connect(container, network, ip=ip, mac=mac, gateway=gateway)


def connect(
    container: Container, network: str, *, ip: str = "", ip6: str = "", mac: str = "", gateway: str = ""
) -> Container:
    """`docker network connect NETWORK CONTAINER`."""
    endpoint = Endpoint(network, f"{network}-net", f"{container.name}-{network}-endpoint", mac, ip, ip6, gateway)
    return replace(container, endpoints=(*container.endpoints, endpoint))


def disconnect(container: Container, network: str) -> Container:
    """`docker network disconnect NETWORK CONTAINER`."""
    return replace(container, endpoints=tuple(e for e in container.endpoints if e.network != network))


def stop(container: Container) -> Container:
    """`docker stop CONTAINER`: some engines go on telling the endpoints of the dead."""
    return replace(container, state="exited", pid=0)


def rename(container: Container, name: str) -> Container:
    """`docker rename CONTAINER NAME`."""
    return replace(container, name=name)


def network(
    name: str,
    *,
    bridge: str = "",
    driver: str = "bridge",
    subnet: str = "",
    gateway: str = "",
    mtu: int = 0,
    internal: bool = False,
    network_id: str = "",
    created: float = CREATED,
) -> Network:
    """`docker network create NAME`; a bridge network's device is `br-NAME` unless told."""
    return Network(
        id=network_id or f"{name}-net",
        name=name,
        driver=driver,
        internal=internal,
        bridge=(bridge or f"br-{name}") if driver == "bridge" else "",
        mtu=mtu,
        subnets=(Subnet(subnet, gateway),) if subnet else (),
        created=created,
    )


def inventory(*things: Container | Network, connected: bool = True) -> Inventory:
    """What an engine with these containers and networks says."""
    return Inventory(
        connected=connected,
        engine=ENGINE,
        containers={thing.id: thing for thing in things if isinstance(thing, Container)},
        networks={thing.id: thing for thing in things if isinstance(thing, Network)},
        synced_at=CREATED,
    )


def bridge(name: str, ifindex: int, *, mtu: int = 1500) -> Link:
    """`ip link add NAME type bridge`."""
    return Link(ifindex, name, "bridge", mtu=mtu, carrier=True)


def veth(name: str, ifindex: int, *, master: int = 0, nsid: int | None = None, peer: int = 0) -> Link:
    """The host's end of a pair whose other end is `peer` in the namespace `nsid`."""
    return Link(
        ifindex,
        name,
        "veth",
        mtu=1500,
        master_ifindex=master,
        peer_ifindex=peer or ifindex - 1,
        peer_nsid=nsid,
        carrier=nsid is not None,
    )


def device(name: str, ifindex: int, *, mtu: int = 1500) -> Link:
    """A device of the host itself."""
    return Link(ifindex, name, mtu=mtu, carrier=True)


def devices(
    *links: Link,
    sandboxes: Mapping[str, int] | None = None,
    inside: Mapping[int, tuple[Interface, ...]] | None = None,
    addresses: Mapping[str, tuple[str, ...]] | None = None,
    uplinks: tuple[str, ...] = (),
) -> Devices:
    """The host's devices; `sandboxes` are nsids by container name, `inside` the devices in an nsid."""
    return Devices(
        links={link.ifindex: link for link in links},
        sandboxes={f"{name}-id": nsid for name, nsid in (sandboxes or {}).items()},
        interfaces=inside or {},
        addresses=addresses or {},
        uplinks=uplinks,
    )


def row(ifindex: int, *, rx: tuple[int, int] = (0, 0), tx: tuple[int, int] = (0, 0), rest: int = 0) -> StatsRow:
    """A reading of a device: bytes and packets of both directions, errors and drops all the same."""
    return (ifindex, rx[1], tx[1], rx[0], tx[0], rest, rest, rest, rest)


def ended(link: Link, stats: StatsRow, *, master: str = "", mac: str = "") -> EndedLink:
    """A device that is gone, with its final counters; of a veth the bridge and the address of the other end."""
    return EndedLink(link, stats, master=master, peer_mac=mac)


def sample(found: Devices, *rows: StatsRow) -> KernelSample:
    """One reading of the kernel in which nothing failed."""
    sources = (SourceState("links", up=True, duration=0.001), SourceState("link_stats", up=True, duration=0.002))
    return KernelSample(found, rows, sources)


def observed(topology: Topology, *rows: StatsRow, stats: EngineStats | None = None) -> Observation:
    """An observation in which every device has had one life only, whose counters these are."""
    ledger = Ledger()
    ledger.attribute(topology)
    ledger.read(rows)
    bridges = {bridge.network.id: bridge.network.name for bridge in topology.bridges}
    networks = ledger.networks(network.id for network in topology.networks)
    return Observation(
        topology,
        endpoints=ledger.endpoints(topology),
        created=ledger.created(topology),
        networks=networks,
        splits=Splits().split(bridges, networks, ledger.bridges(bridges)),
        rows={row[0]: row for row in rows},
        engine=stats or EngineStats(started=CREATED, stream_connected=True),
        sources=sample(topology.devices).sources,
        filters=(),
    )


def shop() -> Topology:
    """The classic cases side by side: two networks, a container on both, a sharer, a host-mode one, an uplink."""
    web = connect(run("web", network="front", ip="172.18.0.2", mac="02:42:ac:12:00:02"), "back", ip="172.19.0.2")
    return join(
        inventory(
            web,
            run("db", network="back", ip="172.19.0.3"),
            run("sharer", network="container:web-id"),
            run("monitoring", network="host"),
            run("idle", network="none"),
            network("front", subnet="172.18.0.0/16", gateway="172.18.0.1"),
            network("back", subnet="172.19.0.0/16", gateway="172.19.0.1", internal=True),
            network("none", driver="null"),
            network("host", driver="host"),
        ),
        devices(
            device("eth0", 2),
            bridge("br-front", 3),
            bridge("br-back", 4),
            veth("veth-web-front", 11, master=3, nsid=1, peer=2),
            veth("veth-web-back", 13, master=4, nsid=1, peer=3),
            veth("veth-db-back", 15, master=4, nsid=2, peer=2),
            sandboxes={"web": 1, "db": 2},
            inside={1: (Interface(2, "eth0", "02:42:ac:12:00:02"), Interface(3, "eth1")), 2: (Interface(2, "eth0"),)},
            addresses={"eth0": ("192.0.2.10", "2001:db8::10"), "br-front": ("172.18.0.1",)},
            uplinks=("eth0",),
        ),
    )
