"""Hosts that change, and the changes that a detector finds from one moment to another."""

from typing import Any

from msgspec.structs import replace

from exporter.core.history.change import Change
from exporter.core.history.detector import ChangeDetector
from exporter.core.model.container_details import Details
from exporter.core.model.docker import Container, Inventory
from exporter.core.model.kernel_sample import Devices
from exporter.core.model.routes import Route, Span
from exporter.core.nat.reading import NatReading
from exporter.core.nat.view import NatView
from exporter.core.observation import Observation
from exporter.core.topology.topology import join
from tests.support.builders import bridge, device, devices, inventory, network, run

STARTED, NOW = 1_700_000_100.0, 1_700_001_000.0


def started(container: Container, at: float = STARTED) -> Container:
    """It runs since then, and was inspected."""
    details = container.details or Details()
    return replace(container, state="running", details=replace(details, started=at))


def died(container: Container, code: int = 0, at: float = STARTED + 10, *, state: str = "exited") -> Container:
    """Its process ended then."""
    details = replace(container.details or Details(), exit_code=code, finished=at)
    return replace(container, state=state, endpoints=(), pid=0, details=details)


def detailed(container: Container, **values: Any) -> Container:
    """Replace fields of its details."""
    return replace(container, details=replace(container.details or Details(), **values))


def web(ip: str = "172.18.0.2") -> Container:
    """A container that runs on `front`."""
    return started(run("web", network="front", ip=ip))


def docker(*containers: Container, networks: tuple[str, ...] = ("front", "back"), connected: bool = True) -> Inventory:
    """These containers and networks."""
    made = (network(name, subnet="172.18.0.0/16") for name in networks)
    return inventory(*containers, *made, connected=connected)


def host(
    *, address: str = "192.0.2.10", up: bool = True, bridge_up: bool = True, routes: tuple[Route, ...] = ()
) -> Devices:
    """An uplink and the bridge of `front`."""
    made = devices(
        replace(device("eth0", 2), up=up),
        replace(bridge("br-front", 3), up=bridge_up),
        addresses={"eth0": (address, "fe80::1"), "br-front": ("172.18.0.1",)},
        uplinks=("eth0",),
    )
    return replace(made, routes=routes)


def route(destination: Span, ifindex: int = 2, gateway: str = "") -> Route:
    """A route of the main table."""
    return Route(destination, ifindex, gateway)


def seen(known: Inventory, kernel: Devices, reading: NatReading | None = None) -> Observation:
    """An observation of both."""
    return Observation(join(known, kernel), nat=NatView(reading))


def docker_changes(*inventories: Inventory) -> list[Change]:
    """All changes from the first inventory to the last."""
    detector = ChangeDetector()
    return [change for one in inventories for change in detector.update_inventory(one, NOW)]


def host_changes(*observations: Observation) -> list[Change]:
    """All changes from the first observation to the last, a minute apart."""
    detector = ChangeDetector()
    detector.update_inventory(observations[0].topology.inventory, NOW)
    times = (NOW + 60 * number for number in range(len(observations)))
    return [change for one, at in zip(observations, times, strict=True) for change in detector.observe(one, at)]
