"""What `topology` prints as a tree and as JSON: the host, its networks, who is on them."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from rich.console import Console
from rich.tree import Tree

from exporter.cli.output.table import cell
from exporter.core.views import host_view
from exporter.core.views.host_view import (
    ContainerPortrait,
    EndpointPortrait,
    NetworkPortrait,
    Portrait,
    UplinkPortrait,
)


def document(drawn: Portrait) -> str:
    """Return what /api/v1/topology tells."""
    return json.dumps(host_view.document(drawn), indent=1)


def parse_portrait(told: Mapping[str, Any]) -> Portrait:
    """Read that document. Raises KeyError or TypeError for anything else."""
    return Portrait(
        host=str(told["host"]),
        engine=str(told["engine"]),
        connected=told["connected"] is True,
        containers=_made(ContainerPortrait, told["containers"]),
        networks=_made(NetworkPortrait, told["networks"]),
        endpoints=_made(EndpointPortrait, told["endpoints"]),
        uplinks=_made(UplinkPortrait, told["uplinks"]),
    )


def print_tree(drawn: Portrait, console: Console) -> None:
    """Print networks with their members, then containers without a network of their own, then the uplinks."""
    about = f"Docker {drawn.engine}" if drawn.connected else "the Docker Engine does not answer"
    root = Tree(cell(f"{drawn.host or 'this host'} ({about})"))
    containers = {container.name: container for container in drawn.containers}
    for network in drawn.networks:
        branch = root.add(cell(_network(network)))
        for endpoint in drawn.endpoints:
            if endpoint.network == network.name:
                leaf = branch.add(cell(_endpoint(endpoint, containers.get(endpoint.container))))
                _add_sharers(leaf, drawn, endpoint.container)
    orphans = tuple(c for c in drawn.containers if c.mode == "container" and c.owner not in containers)
    for title, members in (
        ("host mode", _of_mode(drawn, "host")),
        ("without a network", _of_mode(drawn, "none")),
        ("in the namespace of a container that does not run", orphans),
    ):
        branch = root.add(title) if members else root
        for container in members:
            _add_sharers(branch.add(cell(container.name)), drawn, container.name)
    for uplink in drawn.uplinks:
        root.add(cell(" ".join(("uplink", uplink.device, *uplink.addresses))))
    console.print(root)


def _add_sharers(leaf: Tree, drawn: Portrait, owner: str) -> None:
    for sharer in drawn.containers:
        if sharer.owner == owner:
            leaf.add(cell(f"{sharer.name} shares its namespace"))


def _of_mode(drawn: Portrait, mode: str) -> tuple[ContainerPortrait, ...]:
    return tuple(container for container in drawn.containers if container.mode == mode)


def _made(kind: Any, told: Iterable[Mapping[str, Any]]) -> tuple[Any, ...]:
    """Make values of documents; what a newer exporter tells beside is left out."""
    known = {field.name for field in fields(kind)}
    return tuple(
        kind(**{key: tuple(value) if isinstance(value, list) else value for key, value in one.items() if key in known})
        for one in told
    )


def _network(network: NetworkPortrait) -> str:
    parts = (network.driver, network.bridge, *network.subnets, "" if network.external else "internal")
    return f"network {network.name}: {' '.join(part for part in parts if part)}"


def _endpoint(endpoint: EndpointPortrait, container: ContainerPortrait | None) -> str:
    parts = (endpoint.interface, endpoint.ip_address, endpoint.ip6_address, endpoint.veth)
    ports = ", ".join(container.ports) if container else ""
    where = " ".join(part for part in parts if part)
    return f"{endpoint.container}: {where}" + (f", {ports}" if ports else "")
