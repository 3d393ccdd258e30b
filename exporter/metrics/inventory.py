"""Containers, networks, endpoints, subnets, uplinks: families that change with the topology only."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter

from exporter.core.model.docker import Container, Endpoint
from exporter.core.topology.subnets import subnets_with_gateways
from exporter.core.topology.topology import Topology
from exporter.metrics.build import Metric, add_info, gauge, info

COMPOSE_PROJECT, COMPOSE_SERVICE = "com.docker.compose.project", "com.docker.compose.service"
NO_ENDPOINT = Endpoint("", "")
DEFAULT_MTU = 1500  # what Docker gives a bridge network without the option


def families(topology: Topology, labels: Sequence[str] = ()) -> Iterator[Metric]:
    """All families of this file; `labels` are the container labels to show."""
    live = _live(topology)
    yield containers(topology, live, labels)
    yield from networks(topology, live)
    yield endpoints(topology)
    yield from bridges(topology)
    yield from uplinks(topology)


def label_name(label: str) -> str:
    """The Prometheus label for a container label: `com.example/team` is `label_com_example_team`."""
    return "label_" + re.sub(r"[^a-zA-Z0-9_]", "_", label)


def containers(topology: Topology, live: Iterable[Container], labels: Sequence[str]) -> Metric:
    """dockernet_container_info."""
    shown: dict[str, list[str]] = {}
    for label in labels:
        shown.setdefault(label_name(label), []).append(label)
    family = info(
        "dockernet_container_info",
        "A container with a live process; network_owner is the container whose network namespace it shares.",
        (
            "container",
            "container_id",
            "image",
            "network_mode",
            "network_owner",
            "compose_project",
            "compose_service",
            *shown,
        ),
    )
    for container in live:
        known = container.labels
        add_info(
            family,
            (
                container.name,
                container.id,
                container.image,
                _mode(container, topology),
                topology.owners.get(container.id, ""),
                known.get(COMPOSE_PROJECT, ""),
                known.get(COMPOSE_SERVICE, ""),
                *[next((known[label] for label in same if label in known), "") for same in shown.values()],
            ),
        )
    return family


def _live(topology: Topology) -> list[Container]:
    return sorted([c for c in topology.inventory.containers.values() if c.live], key=attrgetter("name"))


def _mode(container: Container, topology: Topology) -> str:
    """A network may have been named by its id."""
    network = topology.inventory.networks.get(container.network_mode)
    return network.name if network else container.network_mode


def networks(topology: Topology, live: Iterable[Container]) -> Iterator[Metric]:
    """dockernet_network_info, _endpoints, _mtu_bytes and _subnet_info."""
    about = info(
        "dockernet_network_info",
        "A Docker network; bridge is its device on the host.",
        ("network", "network_id", "driver", "scope", "bridge", "internal", "ipv6"),
    )
    attached = gauge("dockernet_network_endpoints", "Running containers attached to the network.", ("network",))
    mtu = gauge("dockernet_network_mtu_bytes", "MTU of the network.", ("network",))
    subnets = info(
        "dockernet_network_subnet_info", "A subnet of the network and its gateway.", ("network", "subnet", "gateway")
    )
    attachments = Counter([e.network_id for c in live for e in c.endpoints])
    for network in sorted(topology.inventory.networks.values(), key=lambda n: n.name):
        flags = (_boolean(network.internal), _boolean(network.ipv6))
        add_info(about, (network.name, network.id, network.driver, network.scope, network.bridge, *flags))
        attached.add_metric((network.name,), attachments[network.id])
        if network.driver == "bridge":
            mtu.add_metric((network.name,), network.mtu or DEFAULT_MTU)
        for subnet in subnets_with_gateways(topology, network):
            add_info(subnets, (network.name, subnet.subnet, subnet.gateway))
    yield from (about, attached, mtu, subnets)


def _boolean(value: bool) -> str:  # noqa: FBT001  the value is all there is to say
    return "true" if value else "false"


def endpoints(topology: Topology) -> Metric:
    """dockernet_endpoint_info."""
    family = info(
        "dockernet_endpoint_info",
        "A container on a network; interface is its name inside, veth the host's end.",
        (
            "container",
            "network",
            "interface",
            "veth",
            "mac_address",
            "ip_address",
            "ip6_address",
            "endpoint_id",
        ),
    )
    for attachment in topology.attachments:
        endpoint = attachment.endpoint or NO_ENDPOINT
        add_info(
            family,
            (
                attachment.container.name,
                attachment.network.name,
                attachment.interface,
                attachment.veth.name if attachment.veth else "",
                endpoint.mac_address,
                endpoint.ip_address,
                endpoint.ip6_address,
                endpoint.endpoint_id,
            ),
        )
    return family


def bridges(topology: Topology) -> Iterator[Metric]:
    """dockernet_bridge_ports."""
    ports = gauge(
        "dockernet_bridge_ports",
        "Ports of the bridge; the kernel's maximum is 1023.",
        ("bridge", "network"),
    )
    for bridge in topology.bridges:
        ports.add_metric((bridge.link.name, bridge.network.name), bridge.ports)
    yield ports


def uplinks(topology: Topology) -> Iterator[Metric]:
    """dockernet_uplink_info and dockernet_uplink_mtu_bytes."""
    about = info(
        "dockernet_uplink_info",
        "A device with a default route or a route to a gateway; one series for each of its addresses.",
        ("device", "address"),
    )
    mtu = gauge("dockernet_uplink_mtu_bytes", "MTU of the uplink.", ("device",))
    for link in topology.uplinks:
        for address in topology.devices.addresses.get(link.name, ("",)):
            add_info(about, (link.name, address))
        mtu.add_metric((link.name,), link.mtu)
    yield from (about, mtu)
