"""The devices between a container and its bridge."""

from collections.abc import Iterator

from exporter.core.explain.path import FAILED, LINK, UNKNOWN, Step
from exporter.core.model.docker import Container, Network
from exporter.core.reach.context import ReachContext
from exporter.core.reach.path.rule_steps import filter_step, unread_step
from exporter.core.reach.view import FORWARDING, NAMESPACE, Device

BRIDGE_DRIVER, VETH = "bridge", "veth"


def host_end(context: ReachContext, container: Container, device: Device) -> Device | None:
    """Return the host's end of a container's veth; None where that is another namespace, or not known.

    An ifindex counts in the peer's namespace: the host's device is the peer only if it points back, and its namespace
    is the container's.
    """
    found = context.host.view.devices.get(device.link.peer_ifindex)
    if found is None or {device.link.kind, found.link.kind} != {VETH}:
        return None
    if found.link.peer_ifindex != device.link.ifindex or device.link.peer_nsid is None:
        return None
    nsid = context.observation.topology.devices.sandboxes.get(context.home(container).id)
    return found if nsid is None or found.link.peer_nsid in (None, nsid) else None


def device_fault(context: ReachContext, container: Container, device: Device, network: Network | None) -> Step | None:
    """Return the step of a device inside a container that is down, or whose packets another one takes."""
    name, on = device.link.name, f" (network {network.name})" if network else ""
    enter = f"nsenter -t {container.pid} -n"
    if not device.link.up:
        command = f"Run `{enter} ip link set {name} up`, then `{context.words.cli} restart {container.name}`."
        return Step(LINK, FAILED, f"{name} of {container.name}{on} is down", "device_down", command)
    master = context.visited(container).view.devices.get(device.link.master_ifindex)
    if master is not None:
        what = f"{name} of {container.name}{on} is a port of {master.link.name}, a {master.link.kind} in the container"
        detail = f"{what}: packets and answers to ARP belong to {master.link.name}, and the address is on {name}"
        return Step(LINK, UNKNOWN, detail, "port_inside", f"Run `{enter} ip link set {name} nomaster`.")
    return None


def end_faults(context: ReachContext, container: Container, device: Device, network: Network | None) -> Iterator[Step]:
    """Yield what is wrong between a container's device and its bridge; nothing where it is a port of the bridge."""
    if (fault := device_fault(context, container, device, network)) is not None:
        yield fault
        return
    name, whose = device.link.name, container.name
    if (why := context.host.view.missing(NAMESPACE)) is not None:
        yield unread_step(LINK, "the host's devices could not be read", why)
        return
    end = host_end(context, container, device)
    if end is None:
        kind = "its other end is gone" if not device.link.carrier else "its other end is not a device of the host"
        state, code = (FAILED, "veth_detached") if not device.link.carrier else (UNKNOWN, "link_unknown")
        yield Step(LINK, state, f"{name} of {whose}: {kind}", code)
        return
    yield from _port_faults(context, end, f"{end.link.name}, the host end of {name} of {whose},", network)


def _port_faults(context: ReachContext, end: Device, what: str, network: Network | None) -> Iterator[Step]:
    port, wanted = end.link.name, network.bridge if network and network.bridge else ""
    if not end.link.up:
        yield Step(LINK, FAILED, f"{what} is down", "veth_detached", f"Run `ip link set {port} up`.")
        return
    bridge = context.host.view.devices.get(end.link.master_ifindex)
    if bridge is None:
        command = f"Run `ip link set {port} master {wanted or 'BRIDGE'}`."
        yield Step(LINK, FAILED, f"{what} is not a port of {wanted or 'a bridge'}", "veth_detached", command)
    elif not bridge.link.up:
        yield Step(
            LINK, FAILED, f"{bridge.link.name} is down", "bridge_down", f"Run `ip link set {bridge.link.name} up`."
        )
    elif wanted and bridge.link.name != wanted:
        yield _elsewhere(context, what, bridge.link.name, port, wanted)
    elif end.port_state not in (None, FORWARDING):
        yield Step(LINK, FAILED, f"{what} does not forward (STP state {end.port_state})", "port_blocked")
    elif end.withheld:
        yield Step(LINK, UNKNOWN, f"{bridge.link.name} sends no {end.withheld} to {what[:-1]}", "port_restricted")
    elif end.locked:
        detail = f"{what} is locked: it drops frames of MAC addresses without a fixed entry"
        yield Step(LINK, UNKNOWN, detail, "port_restricted")
    elif bridge.vlans:
        detail = f"{bridge.link.name} filters VLANs: which ones {port} is in is not evaluated"
        yield Step(LINK, UNKNOWN, detail, "port_restricted")
    elif (step := filter_step(LINK, context.host.view, end, bridge)) is not None:
        yield step


def _elsewhere(context: ReachContext, what: str, bridge: str, port: str, wanted: str) -> Step:
    """Return the step of a port of another bridge than its network's, which may have been renamed."""
    detail = f"{what} is a port of {bridge} and not of {wanted}"
    if any(device.link.name == wanted for device in context.host.view.devices.values()):
        return Step(LINK, FAILED, detail, "veth_detached", f"Run `ip link set {port} master {wanted}`.")
    remedy = f"If {bridge} is the bridge by another name, run `ip link set {bridge} down`, "
    remedy += f"`ip link set {bridge} name {wanted}` and `ip link set {wanted} up`."
    return Step(LINK, FAILED, f"{detail}, which is absent", "bridge_down", remedy)


def gravest(*steps: Step | None) -> list[Step]:
    """Return the first failed one, else the first that is unknown, else nothing."""
    found = [step for step in steps if step is not None]
    return sorted(found, key=lambda step: step.state != FAILED)[:1]


def bridge_of(context: ReachContext, container: Container, device: Device) -> Device | None:
    """Return the bridge that a container's device is connected to."""
    end = host_end(context, container, device)
    return context.host.view.devices.get(end.link.master_ifindex) if end else None
