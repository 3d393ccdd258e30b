"""The boxes of the picture, by column: containers, networks, host and uplinks."""

from exporter.core.views.host_view import ContainerView, HostView, NetworkView, UplinkView
from exporter.web.page.picture import ROW, TOP, Box

WIDTH = 1160
CONTAINER_X, CONTAINER_WIDTH = 10, 300
NETWORK_X, NETWORK_WIDTH = 580, 240
HOST_X, HOST_WIDTH = 910, 240
STACK, HOST = "stack/", "host/"


def _y(row: int) -> int:
    return TOP + row * ROW


def container_box(container: ContainerView, row: int, rows: int) -> Box:
    """A container, with a row for each of its endpoints."""
    note = container.ports[0] if container.ports else ""
    if len(container.ports) > 1:
        note += f" +{len(container.ports) - 1}"
    return Box(
        key=f"container/{container.name}",
        x=CONTAINER_X,
        y=_y(row),
        width=CONTAINER_WIDTH,
        title=container.name,
        subtitle=f"shares {container.owner}'s network" if container.owner else container.image,
        note=note if container.state == "running" else container.state,
        rows=rows,
    )


def group_box(home: str, inhabitants: list[ContainerView], row: int, *, open_: bool) -> Box:
    """All containers of a network."""
    return Box(
        key=f"group/{home}",
        x=CONTAINER_X,
        y=_y(row),
        width=CONTAINER_WIDTH,
        title=f"{len(inhabitants)} containers",
        subtitle=home or "no network of their own",
        group=home,
        note="hide" if open_ else "show",
    )


def network_box(network: NetworkView, row: int) -> Box:
    """A network."""
    return Box(
        key=f"network/{network.name}",
        x=NETWORK_X,
        y=_y(row),
        width=NETWORK_WIDTH,
        title=network.name,
        subtitle=" ".join((network.driver, *network.subnets[:1])),
        note="" if network.external else "internal",
    )


def stack_box(row: int) -> Box:
    """The host's network stack, for containers in host mode."""
    return Box(STACK, NETWORK_X, _y(row), NETWORK_WIDTH, "host network", "the host's own network stack")


def host_box(view: HostView) -> Box:
    """The host."""
    return Box(HOST, HOST_X, _y(0), HOST_WIDTH, view.host or "the host", f"{view.product} {view.engine}".strip())


def uplink_box(uplink: UplinkView, row: int) -> Box:
    """An uplink."""
    addresses = ", ".join(uplink.addresses[:2])
    return Box(f"uplink/{uplink.device}", HOST_X, _y(row), HOST_WIDTH, uplink.device, addresses, note="uplink")
