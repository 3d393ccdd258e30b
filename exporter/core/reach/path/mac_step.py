"""MAC addresses that two ports of one bridge have: the bridge sends the frames of both to the port that sent last."""

from exporter.core.explain.path import FAILED, LINK, UNKNOWN, Step
from exporter.core.model.docker import Container, Network
from exporter.core.reach.bridge_table import fixed_elsewhere, not_to_host
from exporter.core.reach.context import ReachContext
from exporter.core.reach.path.link_step import host_end
from exporter.core.reach.view import Device

Port = tuple[Container, Device]  # a container with its device on the bridge


def mac_step(context: ReachContext, network: Network | None, *ports: Port) -> Step | None:
    """Return the step of frames between ports of a bridge, or of one port and the host, that go elsewhere.

    So it is where containers have one MAC address with each other, or with a third one.
    """
    ends = [host_end(context, context.home(one), own) for one, own in ports]
    view, named = context.host.view, [(c.name, its, end) for (c, its), end in zip(ports, ends, strict=True) if end]
    if (fixed := not_to_host(view, named) or fixed_elsewhere(view, named)) is not None:
        return fixed
    (first, device), *others = ports
    for other, its in others:
        if its.link.mac_address and its.link.mac_address == device.link.mac_address:
            known = all(end is not None and end.learning for end in ends)
            return _step(first, other, its.link.mac_address, FAILED if known else UNKNOWN)
    own = {context.home(container).id for container, _ in ports}
    for third in context.members(network) if network else ():
        macs = {e.mac_address for e in third.endpoints if network and e.network_id == network.id and e.mac_address}
        for container, its in ports:
            if its.link.mac_address in macs and context.home(third).id not in own:
                return _step(container, third, its.link.mac_address, UNKNOWN)
    return None


def _step(one: Container, other: Container, mac_address: str, state: str) -> Step:
    detail = f"{one.name} and {other.name} have the MAC address {mac_address} on one bridge"
    return Step(LINK, state, detail, "mac_address_shared")
