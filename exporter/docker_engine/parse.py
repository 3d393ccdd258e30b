"""Docker's JSON into values of our own; only fields that every engine from 20.10 to 29 has or may lack.

Shapes differ by version: what is absent, null or "" means the same here. Source: Engine API 1.41 to 1.55.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from exporter.core.model.docker import (
    LIVE_STATES,
    AddressPool,
    BridgeOptions,
    Container,
    Endpoint,
    Engine,
    Member,
    Network,
    Subnet,
)
from exporter.docker_engine.parse_details import parse_details, parse_time
from exporter.docker_engine.peer import Peer
from exporter.docker_engine.podman import product_of
from exporter.docker_engine.subnets import distinct_subnets
from exporter.docker_engine.text import address, first, label, subnet, text, unique_name

Json = Mapping[str, Any]

MTU_OPTION = "com.docker.network.driver.mtu"
BRIDGE_OPTION = "com.docker.network.bridge.name"
MASQUERADE_OPTION = "com.docker.network.bridge.enable_ip_masquerade"
ICC_OPTION = "com.docker.network.bridge.enable_icc"
INHIBIT_IPV4_OPTION = "com.docker.network.bridge.inhibit_ipv4"
GATEWAY_MODE_OPTIONS = "com.docker.network.bridge.gateway_mode_ipv4", "com.docker.network.bridge.gateway_mode_ipv6"
MAX_DIGITS = 10  # of an exit code; Windows has 32 bits
ROOTLESS = "name=rootless"  # of SecurityOptions
FALSE = ("false", "0", "f", "F", "FALSE", "False")  # what Go's strconv.ParseBool takes for it
TRUE = ("true", "1", "t", "T", "TRUE", "True")


class Event(Struct, frozen=True):
    """One event of the stream; `container_id` and `network_id` are the objects to inspect again, '' for none.

    `exit_code` is that of a process that ended (action die), None for all other events.
    """

    type: str
    action: str
    time_nano: int
    container_id: str = ""
    network_id: str = ""
    swarm: bool = False
    exit_code: int | None = None


def parse_event(document: Json) -> Event:
    """Parse an event; the action loses its detail (`exec_create: COMMAND`, `health_status: healthy`)."""
    actor = document.get("Actor") or {}
    attributes = actor.get("Attributes") or {}
    kind = label(document.get("Type"))
    return Event(
        type=kind,
        action=label(document.get("Action")).partition(":")[0],
        time_nano=int(document.get("timeNano") or 0),
        container_id=label(actor.get("ID")) if kind == "container" else label(attributes.get("container")),
        network_id=label(actor.get("ID")) if kind == "network" else "",
        swarm=document.get("scope") == "swarm",
        exit_code=_exit_code(attributes.get("exitCode")),
    )


def _exit_code(code: Any) -> int | None:
    written = str(code)
    return int(written) if written.isascii() and written.isdecimal() and len(written) <= MAX_DIGITS else None


def parse_listed(document: Json) -> Container:
    """Parse a row of GET /containers/json."""
    names = document.get("Names") or ()
    return _container(
        document,
        # Legacy links add names with a second slash; the container's own has one.
        name=next((name for name in names if name.count("/") == 1), document["Id"][:12]),
        image=document.get("Image"),
        state=document.get("State"),
        labels=document.get("Labels"),
        created=float(document.get("Created") or 0),
    )


def parse_inspected(document: Json) -> Container:
    """Parse GET /containers/ID/json."""
    config, state = document.get("Config") or {}, document.get("State") or {}
    container = _container(
        document,
        name=document.get("Name"),
        image=config.get("Image"),
        state=state.get("Status"),
        labels=config.get("Labels"),
        created=parse_time(document.get("Created")),
        pid=int(state.get("Pid") or 0),
        sandbox_key=(document.get("NetworkSettings") or {}).get("SandboxKey"),
    )
    return replace(container, details=parse_details(document))


def _container(
    document: Json,
    *,
    name: Any,
    image: Any,
    state: Any,
    labels: Any,
    created: float,
    pid: int = 0,
    sandbox_key: Any = "",
) -> Container:
    mode, _, owner = str((document.get("HostConfig") or {}).get("NetworkMode") or "").partition(":")
    networks = (document.get("NetworkSettings") or {}).get("Networks") or {}
    live = state in LIVE_STATES
    return Container(
        id=label(document["Id"]),
        name=unique_name(str(name or "").removeprefix("/"), str(document["Id"])),
        image=label(image),
        state=label(state),
        network_mode="bridge" if mode in ("default", "") else mode,
        network_owner=owner,
        labels={label(key): label(value) for key, value in first((labels or {}).items())},
        # Engines show addresses of failed starts and of containers that died while they were away.
        endpoints=tuple(_endpoint(name, row) for name, row in sorted(networks.items())) if live else (),
        created=created,
        pid=pid if live else 0,
        sandbox_key=text(sandbox_key) if live else "",
        static_addresses=tuple(_static_addresses(networks)),
    )


def _static_addresses(networks: Json) -> Iterator[tuple[str, str]]:
    for network, row in sorted(networks.items()):
        chosen = row.get("IPAMConfig") or {}
        for key in ("IPv4Address", "IPv6Address"):
            if chosen.get(key):
                yield label(network), address(chosen[key])


def _endpoint(network: str, row: Json) -> Endpoint:
    return Endpoint(
        network=label(network),
        network_id=label(row.get("NetworkID")),
        endpoint_id=label(row.get("EndpointID")),
        mac_address=label(row.get("MacAddress")).lower(),
        ip_address=address(row.get("IPAddress")),
        ip6_address=address(row.get("GlobalIPv6Address")),
        gateway=address(row.get("Gateway")),
    )


def parse_network(document: Json) -> Network:
    """Parse a row of GET /networks."""
    options = document.get("Options") or {}
    driver = label(document.get("Driver"))
    bridge = label(options.get(BRIDGE_OPTION) or "br-" + document["Id"][:12]) if driver == "bridge" else ""
    mtu = label(options.get(MTU_OPTION) or "0")
    return Network(
        id=label(document["Id"]),
        name=label(document.get("Name")),
        driver=driver,
        scope=label(document.get("Scope")),
        internal=bool(document.get("Internal")),
        ipv6=bool(document.get("EnableIPv6")),
        bridge=bridge,
        mtu=int(mtu) if mtu.isdecimal() else 0,
        subnets=distinct_subnets(_subnet(row) for row in (document.get("IPAM") or {}).get("Config") or ()),
        created=parse_time(document.get("Created")),
        options=_bridge_options(options),
    )


def _subnet(row: Json) -> Subnet:
    return Subnet(
        subnet=subnet(row.get("Subnet")),
        gateway=address(row.get("Gateway")),
        ip_range=subnet(row.get("IPRange")),
        auxiliary=tuple(sorted(address(one) for one in (row.get("AuxiliaryAddresses") or {}).values())),
    )


def _bridge_options(options: Json) -> BridgeOptions:
    mode4, mode6 = (label(options.get(key) or "nat") for key in GATEWAY_MODE_OPTIONS)
    return BridgeOptions(
        masquerade=options.get(MASQUERADE_OPTION) not in FALSE,
        gateway_mode4=mode4,
        gateway_mode6=mode6,
        inhibit_ipv4=options.get(INHIBIT_IPV4_OPTION) in TRUE,
        icc=options.get(ICC_OPTION) not in FALSE,
    )


def parse_members(document: Json) -> list[Member]:
    """Parse the members of a network from GET /networks/ID."""
    return [
        Member(
            container_id=container_id,
            name=label(row.get("Name")),
            endpoint_id=label(row.get("EndpointID")),
            mac_address=label(row.get("MacAddress")).lower(),
            ip_address=address(label(row.get("IPv4Address")).partition("/")[0]),
            ip6_address=address(label(row.get("IPv6Address")).partition("/")[0]),
        )
        for container_id, row in (document.get("Containers") or {}).items()
    ]


def parse_engine(version: Json, info: Json, peer: Peer | None = None) -> Engine:
    """Parse GET /version and GET /info. `peer` is the process behind the engine's socket, None where it is not Unix."""
    firewall = info.get("FirewallBackend", {})
    driver = "none" if firewall is None else label(firewall.get("Driver"))
    rootless = ROOTLESS in (info.get("SecurityOptions") or ())
    uid = (peer.uid if peer else None) if rootless else 0
    return Engine(
        name=label(info.get("Name")),
        version=label(version.get("Version")),
        api_version=label(version.get("ApiVersion")),
        kernel=label(version.get("KernelVersion")),
        cgroup_version=label(info.get("CgroupVersion")),
        firewall_driver=driver,
        address_pools=tuple(
            AddressPool(label(row.get("Base")), int(row.get("Size") or 0))
            for row in info.get("DefaultAddressPools") or ()
        ),
        uid=uid,
        pid=peer.pid if peer else 0,
        product=product_of(version),
        rootless=rootless,
        elsewhere=uid != 0 and not (peer and peer.here),
    )
