"""Hosts as their ports make them: `publishes("web", "8080:80")`, `proxy("web", "0.0.0.0:8080")`."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from exporter.core.model.container_details import Details, PortBinding
from exporter.core.model.docker import Container, Network
from exporter.core.model.sockets import (
    CONTAINER,
    DOCKER_PROXY,
    ENGINE,
    PROCESS,
    HostSockets,
    Listener,
    ListeningSocket,
    Owner,
)
from exporter.core.ports.context import PortContext, PortReadings, port_context
from exporter.core.ports.listen_address import ListenAddress
from exporter.core.topology.topology import join
from tests.support.builders import bridge, device, devices, inventory, network, run, stop

NOW = 1_700_010_000.0
LONG_AGO = NOW - 3600
LOCAL_PORTS = (32768, 60999)
NETWORKS = (network("bridge", bridge="docker0"), network("host", driver="host"), network("none", driver="null"))
DEVICES = devices(device("eth0", 2), bridge("docker0", 3), addresses={"eth0": ("192.0.2.10",)}, uplinks=("eth0",))


def binding(text: str) -> PortBinding:
    """`-p [HOST_IP:]HOST_PORT[-LAST]:CONTAINER_PORT[/PROTOCOL]`; an empty host port lets the engine choose."""
    rest, _, protocol = text.partition("/")
    rest, _, container_port = rest.rpartition(":")
    host_ip, _, host = rest.rpartition(":")
    first, _, last = (host or "0").partition("-")
    return PortBinding(protocol or "tcp", int(container_port), host_ip.strip("[]"), int(first), int(last or first))


def details(container: Container, **more: Any) -> Container:
    """The container with other details."""
    return replace(container, details=replace(container.details or Details(started=LONG_AGO), **more))


def runs(name: str, *, network: str = "bridge", **more: Any) -> Container:
    """`docker run -d --name NAME`, an hour ago."""
    return details(run(name, network=network, ip="172.17.0.2"), **more)


def publishes(name: str, *specs: str, **more: Any) -> Container:
    """`docker run -d --name NAME -p SPEC ...`, in effect on both families unless the spec has an address."""
    bindings = tuple(map(binding, specs))
    published = tuple(
        replace(b, host_ip=ip) for b in bindings for ip in ([b.host_ip] if b.host_ip else ["0.0.0.0", "::"])
    )
    return runs(name, bindings=bindings, published=published, **more)


def down(name: str, *specs: str, network: str = "bridge", state: str = "exited", **more: Any) -> Container:
    """A container that does not run."""
    container = runs(name, network=network, bindings=tuple(map(binding, specs)), **more)
    return replace(stop(container), state=state, endpoints=())


def socket(text: str, *, v6only: bool = False, cgroup_id: int = 0, inode: int = 0, uid: int = 0) -> ListeningSocket:
    """`0.0.0.0:8080` or `[::]:53/udp`."""
    rest, _, protocol = text.partition("/")
    address, _, port = rest.rpartition(":")
    return ListeningSocket(protocol or "tcp", address.strip("[]"), int(port), v6only, inode, uid, cgroup_id)


def held(owner: Owner, *places: str, v6only: bool = False) -> tuple[Listener, ...]:
    """Listeners of one owner."""
    return tuple(Listener(socket(place, v6only=v6only), owner) for place in places)


def container(name: str, *places: str, **more: Any) -> tuple[Listener, ...]:
    """A container in host mode listens."""
    return held(Owner(CONTAINER, name, f"{name}-id"), *places, **more)


def process(name: str, *places: str, **more: Any) -> tuple[Listener, ...]:
    """A process of the host listens; '' for one that cannot be told."""
    return held(Owner(PROCESS, name), *places, **more)


def proxy(name: str, *ports: int, protocol: str = "tcp") -> tuple[Listener, ...]:
    """The docker-proxies of a container: one on all addresses of each family."""
    owner = Owner(DOCKER_PROXY, name, f"{name}-id" if name else "")
    return tuple(
        Listener(ListeningSocket(protocol, address, port, v6only=address == "::"), owner)
        for port in ports
        for address in ("0.0.0.0", "::")
    )


def engine(name: str, *places: str) -> tuple[Listener, ...]:
    """The engine itself holds a published port of a container: the userland proxy is off."""
    return held(Owner(ENGINE, name, f"{name}-id" if name else ""), *places)


def readings(*listeners: tuple[Listener, ...], complete: bool = True, **read: Any) -> PortReadings:
    """What is read on an ordinary host; `inside`: container's name -> what listens in its namespace."""
    inside: Mapping[str, tuple[str | ListeningSocket, ...]] = read.pop("inside", {})
    sockets = HostSockets(tuple(one for group in listeners for one in group), complete, LOCAL_PORTS)
    namespaces = {
        f"{name}-id": tuple(one if isinstance(one, ListeningSocket) else socket(one) for one in found)
        for name, found in inside.items()
    }
    told = {"sockets": sockets, "namespaces": namespaces, "redirects": (), "reserved": (), **read}
    return PortReadings(**told)


def scene(
    *things: Container | Network,
    on: PortReadings | None = None,
    now: float = NOW,
    earlier: Mapping[str, frozenset[tuple[str, int]]] | None = None,
    connected: bool = True,
) -> PortContext:
    """A host with these containers and Docker's own networks."""
    topology = join(inventory(*NETWORKS, *things, connected=connected), DEVICES)
    return port_context(topology, on or readings(), now, earlier)


def place(text: str) -> ListenAddress:
    """`0.0.0.0:8080/udp`."""
    one = socket(text)
    return ListenAddress(one.protocol, one.address, one.port)
