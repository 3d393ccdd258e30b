"""Subnets of a network, with the gateway from whichever field has it: engines differ in that."""

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from msgspec.structs import replace

from exporter.core.model.docker import Network, Subnet
from exporter.core.model.inventory import attached
from exporter.core.topology.topology import Topology


def subnets_with_gateways(topology: Topology, network: Network) -> tuple[Subnet, ...]:
    """Return the network's subnets; one that IPAM does not list is an endpoint's or the bridge's address."""
    if all(subnet.gateway for subnet in network.subnets):
        return network.subnets
    endpoints = attached(topology.inventory).get(network.id, ())
    candidates = list(dict.fromkeys(endpoint.gateway for _, endpoint in endpoints if endpoint.gateway))
    candidates += topology.devices.addresses.get(network.bridge, ())
    return tuple(_with_gateway(subnet, candidates) for subnet in network.subnets)


def _with_gateway(subnet: Subnet, candidates: list[str]) -> Subnet:
    if subnet.gateway:
        return subnet
    span = parse_subnet(subnet.subnet)
    if span is None:
        return subnet
    return replace(subnet, gateway=next((c for c in candidates if _lies_in(c, span)), ""))


def parse_subnet(text: str) -> IPv4Network | IPv6Network | None:
    """Parse a subnet; None for text that is not a subnet (a third-party IPAM driver may report anything)."""
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


def _lies_in(address: str, span: IPv4Network | IPv6Network) -> bool:
    try:
        return ip_address(address) in span
    except ValueError:
        return False
