"""Permanent neighbour entries that send packets to another device than the one which has the address."""

from typing import TypeAlias

from exporter.core.explain.path import FAILED, LINK, Step
from exporter.core.reach.view import Device, NamespaceView

Named: TypeAlias = tuple[str, Device]  # a device with the name of its owner


def neighbour_step(view: NamespaceView, whose: str, pid: int, out: Device, address: str, right: Named) -> Step | None:
    """Return the step of an entry of `address` at the device `out` that does not name the device which has it.

    `right` is that device. `pid` is a process in the namespace, 0 for the host's.
    """
    for entry in view.neighbours:
        if (entry.ifindex, entry.address) != (out.link.ifindex, address):
            continue
        owner, mac_address = right[0], right[1].link.mac_address
        if entry.mac_address != mac_address:
            enter = f"nsenter -t {pid} -n " if pid else ""
            command = f"Run `{enter}ip neighbour del {address} dev {out.link.name}`."
            detail = f"{whose} has a permanent neighbour entry of {address} with {entry.mac_address}"
            detail += f", and that of {owner} is {mac_address}"
            return Step(LINK, FAILED, detail, "wrong_neighbour", command)
    return None
