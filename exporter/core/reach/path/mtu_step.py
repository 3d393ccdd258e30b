"""Whether all devices of one layer 2 network have the same MTU."""

from exporter.core.explain.path import OK, UNKNOWN, Step
from exporter.core.model.docker import Container
from exporter.core.reach.answer import MTU
from exporter.core.reach.path.link_step import host_end
from exporter.core.reach.path.trip import Steps, Trip
from exporter.core.reach.view import Device


def mtu_steps(trip: Trip, server: Container, device: Device) -> Steps:
    """Yield the step of both devices and of their host ends.

    A frame that is larger than the MTU of a port or of the other end of a veth is dropped without an error
    (net/bridge/br_forward.c, drivers/net/veth.c: is_skb_forwardable); the bridge's own MTU limits what the host sends.
    Small packets pass, so it is a warning.
    """
    sizes: dict[str, int] = {}
    for container, own in ((trip.client, trip.device), (server, device)):
        end = host_end(trip.context, trip.context.home(container), own)
        sizes |= {f"{own.link.name} of {container.name}": own.link.mtu}
        sizes |= {end.link.name: end.link.mtu} if end else {}
    least, most = min(sizes.values()), max(trip.device.link.mtu, device.link.mtu)
    if most <= least:
        yield Step(MTU, OK, f"all devices take {least} bytes")
        return
    smallest = next(name for name, size in sizes.items() if size == least)
    detail = f"packets over {least} bytes are lost without an error: the MTU of {smallest} is {least}, of others {most}"
    yield Step(MTU, UNKNOWN, detail, "mtu_mismatch")
