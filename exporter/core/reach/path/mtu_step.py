"""Whether all devices of one layer 2 network have the same MTU."""

from exporter.core.explain.path import OK, UNKNOWN, Step
from exporter.core.model.docker import Container
from exporter.core.reach.answer import MTU
from exporter.core.reach.path.trip import Steps, Trip
from exporter.core.reach.view import Device


def mtu_steps(trip: Trip, bridge: Device, server: Container, device: Device) -> Steps:
    """Yield the step of the client's device, the bridge and the server's device.

    A bridge drops a frame that is larger than the port's MTU, without an error (net/bridge/br_forward.c:
    is_skb_forwardable). Small packets pass, so it is a warning.
    """
    sizes = {
        f"{trip.device.link.name} of {trip.client.name}": trip.device.link.mtu,
        bridge.link.name: bridge.link.mtu,
        f"{device.link.name} of {server.name}": device.link.mtu,
    }
    least, most = min(sizes.values()), max(trip.device.link.mtu, device.link.mtu)
    if most <= least:
        yield Step(MTU, OK, f"all devices take {least} bytes")
        return
    smallest = next(name for name, size in sizes.items() if size == least)
    detail = f"packets over {least} bytes are lost without an error: the MTU of {smallest} is {least}, of others {most}"
    yield Step(MTU, UNKNOWN, detail, "mtu_mismatch")
