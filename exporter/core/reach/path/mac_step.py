"""MAC addresses that two ports of one bridge have: the bridge sends the frames of both to the port that sent last."""

from exporter.core.explain.path import FAILED, LINK, UNKNOWN, Step
from exporter.core.model.docker import Container, Network
from exporter.core.reach.context import ReachContext
from exporter.core.reach.path.link_step import host_end
from exporter.core.reach.view import Device

Port = tuple[Container, Device]  # a container with its device on the bridge


def mac_step(context: ReachContext, network: Network | None, *ports: Port) -> Step | None:
    """Return the step of containers on a bridge that have one MAC address with each other, or with a third one."""
    if (fixed := _fixed_elsewhere(context, ports)) is not None:
        return fixed
    (first, device), *others = ports
    for other, its in others:
        if its.link.mac_address and its.link.mac_address == device.link.mac_address:
            ends = [host_end(context, context.home(one), own) for one, own in ports]
            known = all(end is not None and end.learning for end in ends)
            return _step(first, other, its.link.mac_address, FAILED if known else UNKNOWN)
    own = {context.home(container).id for container, _ in ports}
    for third in context.members(network) if network else ():
        macs = {e.mac_address for e in third.endpoints if network and e.network_id == network.id and e.mac_address}
        for container, its in ports:
            if its.link.mac_address in macs and context.home(third).id not in own:
                return _step(container, third, its.link.mac_address, UNKNOWN)
    return None


def _fixed_elsewhere(context: ReachContext, ports: tuple[Port, ...]) -> Step | None:
    """The step of a MAC address that the bridge's table has at another port: until the address sends, or for good."""
    view = context.host.view
    for container, device in ports:
        end, mac_address = host_end(context, context.home(container), device), device.link.mac_address
        for entry in view.neighbours:
            port = view.devices.get(entry.ifindex)
            if entry.address or entry.mac_address != mac_address or end is None or port is None or port is end:
                continue
            if end.link.master_ifindex in (port.link.master_ifindex, port.link.ifindex):
                detail = (
                    f"the bridge has a fixed entry of {mac_address}, which is {container.name}'s, at {port.link.name}"
                )
                command = f"Run `bridge fdb del {mac_address} dev {port.link.name} master`."
                return Step(LINK, UNKNOWN, detail, "wrong_neighbour", command)
    return None


def _step(one: Container, other: Container, mac_address: str, state: str) -> Step:
    detail = f"{one.name} and {other.name} have the MAC address {mac_address} on one bridge"
    return Step(LINK, state, detail, "mac_address_shared")
