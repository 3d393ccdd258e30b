"""What acts on packets of a path in addition to netfilter: named, since what it does is not known."""

from collections.abc import Iterator
from ipaddress import ip_address, ip_network

from exporter.core.explain.path import ROUTE, UNKNOWN, Step
from exporter.core.model.docker import Container
from exporter.core.observation import Observation
from exporter.core.topology.topology import Topology


def filter_steps(observation: Observation, container: Container, networks: frozenset[str]) -> Iterator[Step]:
    """Yield a step for the filters between the uplinks and a container on some of its bridge networks, by name."""
    if observation.filters is None:
        detail = "tc filters and BPF programs at the host's devices could not be read"
        yield Step(ROUTE, UNKNOWN, detail, "route_unknown")
        return
    yield from _ipsec_steps(observation, container, networks)
    if not observation.filters:
        return
    names = _devices(observation.topology, container, networks)
    found = [
        f"{one.what} at {one.direction} of {names[one.ifindex]}" for one in observation.filters if one.ifindex in names
    ]
    if found:
        verb = "are" if len(found) > 1 else "is"
        yield Step(ROUTE, UNKNOWN, f"{', '.join(found)} {verb} not understood", "rule_not_understood")


def _ipsec_steps(observation: Observation, container: Container, networks: frozenset[str]) -> Iterator[Step]:
    """Yield a step for the first IPsec policy that covers packets of one of the container's addresses."""
    if observation.ipsec is None:
        yield Step(ROUTE, UNKNOWN, "IPsec policies of the host could not be read", "route_unknown")
    endpoints = (one for one in container.endpoints if one.network in networks)
    addresses = [ip_address(text) for one in endpoints for text in (one.ip_address, one.ip6_address) if text]
    for policy in observation.ipsec or ():
        covered = ip_network(policy.source), ip_network(policy.destination)
        if any(address in network for network in covered for address in addresses):
            text = f"{policy.direction}, {policy.source} to {policy.destination}, {policy.action}"
            yield Step(ROUTE, UNKNOWN, f"an IPsec policy ({text}) is not understood", "rule_not_understood")
            return


def _devices(topology: Topology, container: Container, networks: frozenset[str]) -> dict[int, str]:
    """The devices of a packet's path by ifindex: uplinks, bridges and the container's veths."""
    bridges = [bridge.link for bridge in topology.bridges if bridge.network.name in networks]
    veths = [
        attachment.veth
        for attachment in topology.attachments
        if attachment.container.id == container.id and attachment.network.name in networks and attachment.veth
    ]
    return {link.ifindex: link.name for link in (*topology.uplinks, *bridges, *veths)}
