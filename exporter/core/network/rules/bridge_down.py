"""The bridge of a network with running endpoints is absent, down, or lacks the network's gateway address.

Guard: the engine gives a bridge no address of a family in the gateway mode isolated, no IPv4 address with the option
inhibit_ipv4, and no IPv6 address without IPv6; dockerd's --default-gateway is a router's, and listed as auxiliary; a
network without a running endpoint needs no bridge; a network that is made or an engine that restarts writes the address
a moment later, which the rule's hold covers.
"""

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Address

from exporter.core.findings.finding import CRITICAL, Finding
from exporter.core.model.docker import Inventory, Network
from exporter.core.model.inventory import attached, networks_in_use
from exporter.core.model.memo import IdentityMemo
from exporter.core.network.context import NetworkContext, finding
from exporter.core.topology.address_use import Address, parse_address

KIND = "bridge_down"
DRIVER = "bridge"
ISOLATED = "isolated"


def check(context: NetworkContext, versions: tuple[int, ...] = (4, 6)) -> Iterator[Finding]:
    """Report the first fault of each network's bridge; of its addresses those of some IP versions."""
    topology = context.topology
    chosen6 = _chosen_gateways6(topology.inventory)
    found = {bridge.network.id: bridge.link for bridge in topology.bridges}
    for network_id in sorted(networks_in_use(topology.inventory)):
        network = topology.inventory.networks.get(network_id)
        if network is None or network.driver != DRIVER or not network.bridge:
            continue
        link = found.get(network_id)
        if link is None:
            fault = "is absent"
        elif not link.up:
            fault = "is down"
        else:
            lacking = _lacking(topology.inventory, network, topology.devices.addresses.get(network.bridge, ()), chosen6)
            lacking = [address for address in lacking if address.version in versions]
            fault = f"lacks the gateway address {', '.join(map(str, lacking))}" if lacking else ""
        if fault:
            detail = f"{network.bridge}, the bridge of network {network.name}, {fault}"
            yield finding(KIND, CRITICAL, network.name, network.bridge, detail, key=network_id)


def _gateways6(inventory: Inventory) -> Mapping[str, Sequence[str]]:
    """Return the IPv6 gateways of live endpoints by network: of all networks in one pass over the containers."""
    found: dict[str, list[str]] = {}
    for container in inventory.containers.values():
        if container.live and container.details is not None:
            for endpoint in container.details.endpoints:
                found.setdefault(endpoint.network_id, []).append(endpoint.gateway6)
    return found


_chosen_gateways6 = IdentityMemo(_gateways6)


def _lacking(
    inventory: Inventory, network: Network, addresses: tuple[str, ...], chosen6: Mapping[str, Sequence[str]]
) -> list[Address]:
    """The gateways of the subnets, and of the endpoints: the engine chooses one where none was configured."""
    present = {parse_address(address) for address in addresses}
    gateways = [subnet.gateway.partition("/")[0] for subnet in network.subnets]
    routers = {address for subnet in network.subnets for address in subnet.auxiliary}
    endpoints = [endpoint for container, endpoint in attached(inventory).get(network.id, ()) if container.live]
    gateways += [endpoint.gateway for endpoint in endpoints if endpoint.gateway not in routers]
    gateways += [gateway for gateway in chosen6.get(network.id, ()) if gateway not in routers]
    wanted = (parse_address(gateway) for gateway in dict.fromkeys(gateways) if gateway)
    return [one for one in wanted if one is not None and _on_bridge(network, one) and one not in present]


def _on_bridge(network: Network, gateway: Address) -> bool:
    """Whether the engine gives the bridge this address; addresses of link scope are not read."""
    if isinstance(gateway, IPv4Address):
        return network.options.gateway_mode4 != ISOLATED and not network.options.inhibit_ipv4
    return network.ipv6 and network.options.gateway_mode6 != ISOLATED and not gateway.is_link_local
