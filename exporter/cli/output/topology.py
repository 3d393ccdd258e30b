"""The output of `topology` as a tree and as JSON: the host, its networks, their containers."""

from collections.abc import Mapping
from typing import Any

from msgspec import convert
from rich.console import Console
from rich.tree import Tree

from exporter.cli.output.table import cell
from exporter.core.views import host_view
from exporter.core.views.host_view import (
    ContainerView,
    EndpointView,
    HostView,
    NetworkView,
    UplinkView,
)
from exporter.web.page.api import written


def document(view: HostView) -> str:
    """Return the document of /api/v1/topology."""
    return written(host_view.document(view)).removesuffix("\n")


def parse_view(found: Mapping[str, Any]) -> HostView:
    """Parse that document. Raises KeyError, TypeError or ValueError for anything else."""
    return HostView(
        host=str(found["host"]),
        engine=str(found["engine"]),
        product=str(found["product"]),
        connected=found["connected"] is True,
        containers=tuple(convert(one, ContainerView) for one in found["containers"]),
        networks=tuple(convert(one, NetworkView) for one in found["networks"]),
        endpoints=tuple(convert(one, EndpointView) for one in found["endpoints"]),
        uplinks=tuple(convert(one, UplinkView) for one in found["uplinks"]),
    )


def print_tree(view: HostView, console: Console) -> None:
    """Print networks with their endpoints, then containers without an endpoint, then the uplinks."""
    about = f"{view.product} {view.engine}" if view.connected else "the Docker Engine does not answer"
    root = Tree(cell(f"{view.host or 'this host'} ({about})"))
    containers = {container.name: container for container in view.containers}
    for network in view.networks:
        branch = root.add(cell(_network(network)))
        for endpoint in view.endpoints:
            if endpoint.network == network.name:
                leaf = branch.add(cell(_endpoint(endpoint, containers.get(endpoint.container))))
                _add_sharers(leaf, view, endpoint.container)
    orphans = tuple(c for c in view.containers if c.mode == "container" and c.owner not in containers)
    for title, members in (
        ("host mode", _of_mode(view, "host")),
        ("without a network", _of_mode(view, "none")),
        ("in the namespace of a container that is not running", orphans),
    ):
        branch = root.add(title) if members else root
        for container in members:
            _add_sharers(branch.add(cell(container.name)), view, container.name)
    for uplink in view.uplinks:
        root.add(cell(" ".join(("uplink", uplink.device, *uplink.addresses))))
    console.print(root)


def _add_sharers(leaf: Tree, view: HostView, owner: str) -> None:
    for sharer in view.containers:
        if sharer.owner == owner:
            leaf.add(cell(f"{sharer.name} shares its namespace"))


def _of_mode(view: HostView, mode: str) -> tuple[ContainerView, ...]:
    return tuple(container for container in view.containers if container.mode == mode)


def _network(network: NetworkView) -> str:
    parts = (network.driver, network.bridge, *network.subnets, "" if network.external else "internal")
    return f"network {network.name}: {' '.join(part for part in parts if part)}"


def _endpoint(endpoint: EndpointView, container: ContainerView | None) -> str:
    parts = (endpoint.interface, endpoint.ip_address, endpoint.ip6_address, endpoint.veth)
    ports = ", ".join(container.ports) if container else ""
    where = " ".join(part for part in parts if part)
    return f"{endpoint.container}: {where}" + (f", {ports}" if ports else "")
