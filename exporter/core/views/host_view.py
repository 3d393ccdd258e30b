"""A host for display: containers, networks and endpoints by name, each with its findings."""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict

from exporter.core.model.container_details import Details, PortBinding
from exporter.core.model.docker import DOCKER, Container
from exporter.core.model.kernel_sample import RECEIVE_BYTES, RX_BYTES, TRANSMIT_BYTES, TX_BYTES
from exporter.core.observation import Observation
from exporter.core.topology.topology import WITHOUT_DEVICES, Attachment
from exporter.core.views.finding_rows import ORDER, FindingRow, findings

PROJECT = "com.docker.compose.project"
RANK = {"": 0} | {severity: rank for rank, severity in enumerate(reversed(ORDER), 1)}
# Labels of findings that may name a container.
NAMES_CONTAINER = ("container", "wanted_by", "holder", "subject")


class EndpointView(Struct, frozen=True):
    """A container on a network; bytes as the container counts them, None where unknown."""

    container: str
    network: str
    interface: str = ""
    veth: str = ""
    ip_address: str = ""
    ip6_address: str = ""
    mac_address: str = ""
    receive_bytes: int | None = None
    transmit_bytes: int | None = None


class ContainerView(Struct, frozen=True):
    """`mode` is host, none, container or a network's name; `owner` whose network namespace it shares.

    `ports` are the published ones in Docker's way of writing, `severity` that of the worst finding, '' for none.
    """

    name: str
    id: str
    image: str
    state: str
    mode: str
    owner: str = ""
    project: str = ""
    ports: tuple[str, ...] = ()
    severity: str = ""


class NetworkView(Struct, frozen=True):
    """`external`: packets of it leave the host."""

    name: str
    id: str
    driver: str
    bridge: str = ""
    subnets: tuple[str, ...] = ()
    external: bool = True
    mtu: int = 0
    endpoints: int = 0
    severity: str = ""


class UplinkView(Struct, frozen=True):
    """A device out of the host; bytes as the host counts them."""

    device: str
    addresses: tuple[str, ...] = ()
    receive_bytes: int | None = None
    transmit_bytes: int | None = None


class HostView(Struct, frozen=True):
    """All of it, each by name. `connected`: the engine answers, else what it said last is shown."""

    host: str = ""
    engine: str = ""
    product: str = DOCKER
    connected: bool = False
    containers: tuple[ContainerView, ...] = ()
    networks: tuple[NetworkView, ...] = ()
    endpoints: tuple[EndpointView, ...] = ()
    uplinks: tuple[UplinkView, ...] = ()
    findings: tuple[FindingRow, ...] = ()


def build_view(observation: Observation) -> HostView:
    """Draw it."""
    topology = observation.topology
    inventory = topology.inventory
    lines = tuple(findings(observation))
    containers, networks = _severities(lines, NAMES_CONTAINER), _severities(lines, ("network",))
    live = sorted((c for c in inventory.containers.values() if c.live), key=lambda c: c.name)
    return HostView(
        host=inventory.engine.name if inventory.engine else "",
        engine=inventory.engine.version if inventory.engine else "",
        product=inventory.engine.product if inventory.engine else DOCKER,
        connected=inventory.connected,
        containers=tuple(_container(c, topology.owners.get(c.id, ""), containers) for c in live),
        networks=tuple(_networks(observation, networks)),
        endpoints=tuple(_endpoints(observation)),
        uplinks=tuple(_uplinks(observation)),
        findings=lines,
    )


def document(drawn: HostView) -> dict[str, Any]:
    """Write it down for programs; findings have a document of their own."""
    whole = {name: value for name, value in asdict(drawn).items() if name != "findings"}
    return {name: [*map(asdict, value)] if isinstance(value, tuple) else value for name, value in whole.items()}


def _severities(lines: Iterable[FindingRow], labels: tuple[str, ...]) -> dict[str, str]:
    """Return name -> severity of the worst finding that names it."""
    worst: dict[str, str] = {}
    for line in lines:
        for label in labels:
            name = str(line.labels.get(label, ""))
            if name and RANK[line.severity] > RANK[worst.get(name, "")]:
                worst[name] = line.severity
    return worst


def _container(container: Container, owner: str, severities: Mapping[str, str]) -> ContainerView:
    published = (container.details or Details()).published
    return ContainerView(
        name=container.name,
        id=container.id,
        image=container.image,
        state=container.state,
        mode=container.network_mode,
        owner=owner,
        project=container.labels.get(PROJECT, ""),
        ports=tuple(dict.fromkeys(written(binding) for binding in published)),
        severity=severities.get(container.name, ""),
    )


def written(binding: PortBinding) -> str:
    """A port in effect as `docker ps` writes it: 0.0.0.0:8080->80/tcp."""
    address = f"[{binding.host_ip}]" if ":" in binding.host_ip else binding.host_ip
    place = f"{address}:{binding.host_port}->" if binding.host_port else ""
    return f"{place}{binding.container_port}/{binding.protocol}"


def _networks(observation: Observation, severities: Mapping[str, str]) -> Iterable[NetworkView]:
    topology = observation.topology
    for network in sorted(topology.inventory.networks.values(), key=lambda n: n.name):
        if network.driver not in WITHOUT_DEVICES:
            yield NetworkView(
                name=network.name,
                id=network.id,
                driver=network.driver,
                bridge=network.bridge,
                subnets=tuple(subnet.subnet for subnet in network.subnets if subnet.subnet),
                external=not network.internal,
                mtu=network.mtu,
                endpoints=sum(a.network.id == network.id for a in topology.attachments),
                severity=severities.get(network.name, ""),
            )


def _endpoints(observation: Observation) -> Iterable[EndpointView]:
    topology = observation.topology
    sums = observation.endpoints or {}
    for attachment in topology.attachments:
        row = sums.get(attachment.key)
        yield _endpoint(attachment, row[RECEIVE_BYTES] if row else None, row[TRANSMIT_BYTES] if row else None)


def _endpoint(attachment: Attachment, received: int | None, transmitted: int | None) -> EndpointView:
    endpoint = attachment.endpoint
    return EndpointView(
        container=attachment.container.name,
        network=attachment.network.name,
        interface=attachment.interface,
        veth=attachment.veth.name if attachment.veth else "",
        ip_address=endpoint.ip_address if endpoint else "",
        ip6_address=endpoint.ip6_address if endpoint else "",
        mac_address=endpoint.mac_address if endpoint else "",
        receive_bytes=received,
        transmit_bytes=transmitted,
    )


def _uplinks(observation: Observation) -> Iterable[UplinkView]:
    rows = observation.rows or {}
    for link in observation.topology.uplinks:
        row = rows.get(link.ifindex)
        yield UplinkView(
            device=link.name,
            addresses=tuple(observation.topology.devices.addresses.get(link.name, ())),
            receive_bytes=row[RX_BYTES] if row else None,
            transmit_bytes=row[TX_BYTES] if row else None,
        )
