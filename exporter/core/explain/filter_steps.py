"""What acts on packets of a path in addition to netfilter: named, since what it does is not known."""

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from exporter.core.explain.path import ROUTE, UNKNOWN, Step
from exporter.core.model.docker import Container
from exporter.core.observation import Observation
from exporter.core.topology.route_queries import outside_client
from exporter.core.topology.topology import Topology

AnyNetwork = IPv4Network | IPv6Network
INTERNET = ("8.8.8.8", "2001:4860:4860::8888")  # any client outside stands for all


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
    """Yield a step for the first IPsec policy of packets between clients outside and the container.

    A policy of forwarded packets compares the destination before its translation: an address of the host.
    """
    if observation.ipsec is None:
        refused = any(missing.reason == "no_net_admin" for missing in observation.degraded)
        why, code = (" (needs CAP_NET_ADMIN)", "privilege_missing") if refused else ("", "route_unknown")
        yield Step(ROUTE, UNKNOWN, f"IPsec policies of the host could not be read{why}", code)
    endpoints = (one for one in container.endpoints if one.network in networks)
    devices = observation.topology.devices.addresses
    ends = [text for one in endpoints for text in (one.ip_address, one.ip6_address) if text]
    ends += [text for link in observation.topology.uplinks for text in devices.get(link.name, ())]
    clients = [outside_client(observation.topology, link, v) for link in observation.topology.uplinks for v in (4, 6)]
    for policy in observation.ipsec or ():
        if policy.direction == "in":  # of packets to the host itself
            continue
        sides = ip_network(policy.source), ip_network(policy.destination)
        if any(_covers(sides, ends, clients) for sides in (sides, sides[::-1])):
            text = f"{policy.direction}, {policy.source} to {policy.destination}, {policy.action}"
            yield Step(ROUTE, UNKNOWN, f"an IPsec policy ({text}) is not understood", "rule_not_understood")
            return


def _covers(sides: tuple[AnyNetwork, ...], ends: list[str], clients: list[str]) -> bool:
    """Whether one side has an end of the path, and the other a client: of the internet, or on an uplink's network."""
    here, there = sides
    outside = (*INTERNET, *filter(None, clients))
    return any(ip_address(end) in here for end in ends) and any(ip_address(one) in there for one in outside)


def _devices(topology: Topology, container: Container, networks: frozenset[str]) -> dict[int, str]:
    """The devices of a packet's path by ifindex: uplinks, bridges and the container's veths."""
    bridges = [bridge.link for bridge in topology.bridges if bridge.network.name in networks]
    veths = [
        attachment.veth
        for attachment in topology.attachments
        if attachment.container.id == container.id and attachment.network.name in networks and attachment.veth
    ]
    return {link.ifindex: link.name for link in (*topology.uplinks, *bridges, *veths)}
