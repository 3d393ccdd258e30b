"""The fields that a network's inspect has and the list has not. Source: Engine API 1.41 to 1.55, GET /networks/ID."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from exporter.core.model.docker import NetworkInspect, RemoteEndpoint
from exporter.core.model.mesh import MeshPort, Task
from exporter.docker_engine.parse import parse_members
from exporter.docker_engine.text import label

Json = Mapping[str, Any]
MESH_PORT = re.compile(r"Target: (?P<target>\d{1,5}), Publish: (?P<published>\d{1,5})")


def parse_network_inspect(document: Json) -> NetworkInspect:
    """Parse GET /networks/ID?verbose=true."""
    members = tuple(parse_members(document))
    return NetworkInspect(
        members=members,
        remote=tuple(_remote(document, {member.endpoint_id for member in members})),
        address_use=_address_use(document),
        mesh=tuple(_mesh(document, {member.endpoint_id for member in members})) if document.get("Ingress") else (),
        service_addresses=dict(_service_addresses(document)),
    )


def _remote(document: Json, own: set[str]) -> Iterator[RemoteEndpoint]:
    """The overlay's endpoints that are not this node's, in an order of their own: the engine has none.

    One without a node's address is not in the overlay's own table (yet).
    """
    tasks = (task for service in (document.get("Services") or {}).values() for task in service.get("Tasks") or ())
    for task in sorted(tasks, key=lambda task: str(task.get("EndpointID"))):
        endpoint_id = label(task.get("EndpointID"))
        ip_address, host_ip = label(task.get("EndpointIP")), label((task.get("Info") or {}).get("Host IP"))
        if endpoint_id not in own and ip_address and host_ip:
            yield RemoteEndpoint(endpoint_id, label(task.get("Name")), ip_address, host_ip)


def _mesh(document: Json, own: set[str]) -> Iterator[MeshPort]:
    """The ports of a Swarm's ingress network, in the words of libnetwork's ServiceInfo."""
    for name, service in sorted((document.get("Services") or {}).items()):
        for text in service.get("Ports") or () if name else ():
            if (found := MESH_PORT.fullmatch(text)) is not None:
                tasks = sorted(_tasks(service, own), key=lambda task: task.name)
                yield MeshPort(label(name), int(found["published"]), int(found["target"]), tuple(tasks))


def _service_addresses(document: Json) -> Iterator[tuple[str, str]]:
    """Virtual addresses; a service without one, or in the mode dnsrr, has none."""
    for name, service in sorted((document.get("Services") or {}).items()):
        address = label(service.get("VIP")).partition("/")[0]
        if name and address and address != "<nil>":
            yield address, label(name)


def _tasks(service: Json, own: set[str]) -> Iterator[Task]:
    for task in service.get("Tasks") or ():
        node = "" if label(task.get("EndpointID")) in own else label((task.get("Info") or {}).get("Host IP"))
        yield Task(label(task.get("Name")), node, label(task.get("EndpointIP")))


def _address_use(document: Json) -> dict[str, tuple[int, int]]:
    subnets = ((document.get("Status") or {}).get("IPAM") or {}).get("Subnets") or {}
    return {
        label(subnet): (int(row["IPsInUse"]), int(row["DynamicIPsAvailable"]))
        for subnet, row in subnets.items()
        if "IPsInUse" in row and "DynamicIPsAvailable" in row
    }
