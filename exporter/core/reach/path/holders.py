"""Which container on a network has an address, and whether another device may have it."""

from exporter.core.explain.path import FAILED, LINK, UNKNOWN, Step
from exporter.core.model.docker import Container, Network
from exporter.core.reach.context import MAX_SEARCHED, ReachContext
from exporter.core.reach.path.link_step import host_end
from exporter.core.reach.view import NAMESPACE


def holder(context: ReachContext, address: str, network: Network | None) -> Container | None:
    """Return the container on a network that has an address: by Docker's account, else by its devices."""
    owner = context.owner_of(address, network)
    if owner is not None and (network is None or owner[1].network_id == network.id):
        return owner[0]
    return context.holder_of(address, network) if network else None


def port_of(context: ReachContext, address: str, network: Network | None) -> list[str]:
    """Return the name of the host's device behind which an address is; nothing where it is not known."""
    found = holder(context, address, network)
    device = context.visited(found).view.device_of(address) if found else None
    end = host_end(context, context.home(found), device) if found and device else None
    return [end.link.name] if end else []


def unused(context: ReachContext, client: Container, address: str, network: Network | None) -> Step:
    """Return the step of an address that no container on the network has."""
    owner, name = context.owner_of(address), network.name if network else "this link"
    if owner is not None:
        detail = f"{address} is {owner[0].name} on {owner[1].network}, and the packets of {client.name} go to {name}"
        return Step(LINK, FAILED, detail, "subnet_overlap")
    detail = f"{address} is in the subnet of network {name}, and no container on it has it"
    known = network is not None and searched(context, network)
    return Step(LINK, FAILED if known else UNKNOWN, detail, "address_unused")


def searched(context: ReachContext, network: Network) -> bool:
    """Whether all devices on a network were seen: every container's, and no other port is on its bridge."""
    members = list(context.members(network))
    if len(members) > MAX_SEARCHED or any(context.visited(one).view.missing(NAMESPACE) for one in members):
        return False
    return not _has_other_ports(context, network)


def _has_other_ports(context: ReachContext, network: Network) -> bool:
    """Whether the bridge has a port that is not a container's: a virtual machine, a cable."""
    ports = {attachment.veth.ifindex for attachment in context.observation.topology.attachments if attachment.veth}
    devices = context.host.view.devices
    bridge = next((d for d in devices.values() if d.link.name == network.bridge), None)
    masters = (d for d in devices.values() if bridge is not None and d.link.master_ifindex == bridge.link.ifindex)
    return any(device.link.ifindex not in ports for device in masters)
