"""Objects of Docker, then of the kernel, as frozen values of our own."""

from collections.abc import Mapping

from msgspec import Struct, field

from exporter.core.model.container_details import Details
from exporter.core.model.mesh import MeshPort

DOCKER, PODMAN = "Docker", "Podman"  # Engine.product
LIVE_STATES = frozenset({"running", "paused"})


class Endpoint(Struct, frozen=True):
    """A container's place on one network (Engine API: NetworkSettings.Networks[name]).

    Addresses have no prefix length; what does not exist is ''.
    """

    network: str
    network_id: str
    endpoint_id: str = ""
    mac_address: str = ""
    ip_address: str = ""
    ip6_address: str = ""
    gateway: str = ""


class Container(Struct, frozen=True):
    """A container; `endpoints` are read only while it lives, for engines keep stale ones of the dead.

    `network_mode` is Docker's word with 'default' spelled 'bridge' and 'container:<id>' shortened to
    'container', its target standing in `network_owner`. `pid` is 0 and `sandbox_key` '' while unknown.
    `static_addresses` are pairs of a network and an address that the operator chose, of the stopped ones too.
    `details` are None until it is inspected.
    """

    id: str
    name: str
    image: str
    state: str
    network_mode: str
    network_owner: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    endpoints: tuple[Endpoint, ...] = ()
    created: float = 0.0
    pid: int = 0
    sandbox_key: str = ""
    static_addresses: tuple[tuple[str, str], ...] = ()
    details: Details | None = None

    @property
    def live(self) -> bool:
        """It has a process: running or paused. In a restart's back-off it has none."""
        return self.state in LIVE_STATES


class Subnet(Struct, frozen=True):
    """One IPAM configuration of a network; `gateway` and `ip_range` are '' where Docker reports none.

    `auxiliary` are addresses that the operator has reserved: Docker does not assign them.
    """

    subnet: str
    gateway: str = ""
    ip_range: str = ""
    auxiliary: tuple[str, ...] = ()


class BridgeOptions(Struct, frozen=True):
    """What `docker network create --opt` says of a bridge network's rules; absent ones as the engine takes them.

    `gateway_mode4` and `gateway_mode6`: nat, nat-unprotected, routed, isolated. `inhibit_ipv4`: the engine gives the
    bridge no IPv4 address. `icc`: containers of the network may connect to each other.
    """

    masquerade: bool = True
    gateway_mode4: str = "nat"
    gateway_mode6: str = "nat"
    inhibit_ipv4: bool = False
    icc: bool = True


class Network(Struct, frozen=True):
    """A Docker network; `bridge` is the host's device of a bridge network, `mtu` its option or 0."""

    id: str
    name: str
    driver: str
    scope: str = "local"
    internal: bool = False
    ipv6: bool = False
    bridge: str = ""
    mtu: int = 0
    subnets: tuple[Subnet, ...] = ()
    created: float = 0.0
    options: BridgeOptions = BridgeOptions()


class Member(Struct, frozen=True):
    """A container on a network, as the network's inspect lists it (Engine API: GET /networks/ID, Containers).

    Known before the container's own inspect answers, and for gateway endpoints that no container lists. Docker's own
    pseudo endpoints have a name in place of the container's id, such as `lb-front`.
    """

    container_id: str
    name: str
    endpoint_id: str
    mac_address: str = ""
    ip_address: str = ""
    ip6_address: str = ""


class RemoteEndpoint(Struct, frozen=True):
    """An endpoint of an overlay on another node (Engine API: GET /networks/ID?verbose=true, Services, Tasks).

    `host_ip` is the address of that node's end of the overlay (VTEP).
    """

    endpoint_id: str
    name: str
    ip_address: str
    host_ip: str


class NetworkInspect(Struct, frozen=True):
    """The fields that only a network's inspect has (Engine API: GET /networks/ID?verbose=true).

    `address_use`: subnet -> how many of its addresses are used, and how many the engine can still hand out
    (Status.IPAM, API 1.52 and later). `mesh` are the ports that services publish over it, of a Swarm's ingress network.
    `service_addresses`: virtual address -> name of the Swarm service (VIP).
    """

    members: tuple[Member, ...] = ()
    remote: tuple[RemoteEndpoint, ...] = ()
    address_use: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    mesh: tuple[MeshPort, ...] = ()
    service_addresses: Mapping[str, str] = field(default_factory=dict)


class AddressPool(Struct, frozen=True):
    """`base` is cut into subnets of prefix length `size` (Engine API: /info, DefaultAddressPools)."""

    base: str
    size: int


class Engine(Struct, frozen=True):
    """The engine (Engine API: /version, /info); unknown is ''.

    `product` is DOCKER or PODMAN. `firewall_driver` is what it says to write rules by, 'none' when it writes none,
    reported since API 1.49. `address_pools` are empty where the engine has its built-in ones. `uid` is the user of the
    engine's process as the host numbers it: 0 unless the engine is rootless, None where that is not known. `pid` is the
    process that listens on its socket, as this pid namespace numbers it: init where systemd listens for it, a proxy's
    where one is between; 0 where it is not known. `elsewhere`: bridges of a `rootless` one are in another namespace.
    """

    name: str
    version: str
    api_version: str
    kernel: str = ""
    cgroup_version: str = ""
    firewall_driver: str = ""
    address_pools: tuple[AddressPool, ...] = ()
    uid: int | None = 0
    product: str = DOCKER
    pid: int = 0
    rootless: bool = False
    elsewhere: bool = False


class Exit(Struct, frozen=True):
    """The end of a container's process as its event reports it (Engine API: die, exitCode), at a Unix time."""

    code: int
    at: float
    began: float = 0.0  # the time of the event of its start; 0.0 when that was not received


class Inventory(Struct, frozen=True):
    """Everything that exists in Docker, by id. Kept while the engine is away, with `connected` False.

    `members`, `remote`, `address_use`, `mesh` and `service_addresses` are those of each network's NetworkInspect.
    `exits` are the last ends of containers by id, also of those that were removed before they could be inspected.
    """

    connected: bool = False
    engine: Engine | None = None
    containers: Mapping[str, Container] = field(default_factory=dict)
    networks: Mapping[str, Network] = field(default_factory=dict)
    members: Mapping[str, tuple[Member, ...]] = field(default_factory=dict)
    remote: Mapping[str, tuple[RemoteEndpoint, ...]] = field(default_factory=dict)
    address_use: Mapping[str, Mapping[str, tuple[int, int]]] = field(default_factory=dict)
    mesh: Mapping[str, tuple[MeshPort, ...]] = field(default_factory=dict)
    service_addresses: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    synced_at: float = 0.0  # Unix time of the last full list that found a change
    exits: Mapping[str, Exit] = field(default_factory=dict)

    @property
    def mesh_ports(self) -> tuple[MeshPort, ...]:
        """The ports of Swarm's routing mesh, by number."""
        return tuple(sorted((port for ports in self.mesh.values() for port in ports), key=lambda port: port.host_port))


class Link(Struct, frozen=True):
    """A network device as rtnetlink reports it.

    `peer_ifindex` (IFLA_LINK) counts in the namespace `peer_nsid` (IFLA_LINK_NETNSID), in our own when that is
    None. `master_ifindex` is the bridge it is a port of, 0 when none. `carrier` is IFF_LOWER_UP, `up` is IFF_UP,
    `group` the number that `ip link set group` gives (IFLA_GROUP).
    """

    ifindex: int
    name: str
    kind: str = ""
    mac_address: str = ""
    mtu: int = 0
    master_ifindex: int = 0
    peer_ifindex: int = 0
    peer_nsid: int | None = None
    carrier: bool = False
    up: bool = True
    group: int = 0


class Interface(Struct, frozen=True):
    """A device inside a container's namespace; `kind` and `networks` are empty where they were not read.

    `networks` say which addresses it has: each as a network of one address, or only the networks that it is on.
    """

    ifindex: int
    name: str
    mac_address: str = ""
    kind: str = ""
    networks: tuple[str, ...] = ()
