"""What sends the packets of a device to another one than that which has the address."""

from typing import TypeAlias

from exporter.core.explain.path import FAILED, LINK, UNKNOWN, Step
from exporter.core.reach.view import Device, FixedNeighbour, NamespaceView

Named: TypeAlias = tuple[str, Device]  # a device with the name of its owner


def neighbour_step(view: NamespaceView, whose: str, pid: int, out: Device, address: str, right: Named) -> Step | None:
    """Return the step of what keeps the device `out` from the MAC address of the one that has `address`.

    `right` is that device. `pid` is a process in the namespace, 0 for the host's.
    """
    enter, own = f"nsenter -t {pid} -n " if pid else "", (whose, out)
    fixed = [entry for entry in view.neighbours if (entry.ifindex, entry.address) == (out.link.ifindex, address)]
    if fixed:
        return _wrong_entry(own, fixed[0], right, enter)
    return _no_arp(own, address, right, enter)


def _wrong_entry(own: Named, entry: FixedNeighbour, right: Named, enter: str) -> Step | None:
    owner, mac_address = right[0], right[1].link.mac_address
    if entry.mac_address == mac_address:
        return None
    command = f"Run `{enter}ip neighbour del {entry.address} dev {own[1].link.name}`."
    detail = f"{own[0]} has a permanent neighbour entry of {entry.address} with {entry.mac_address}"
    return Step(LINK, FAILED, f"{detail}, and that of {owner} is {mac_address}", "wrong_neighbour", command)


def _no_arp(own: Named, address: str, right: Named, enter: str) -> Step | None:
    """A device without ARP sends to its own MAC address (net/ipv4/arp.c: arp_constructor), and answers no request.

    Entries of other namespaces may be older than the change, and IPv6 resolves in another way: both are uncertain.
    """
    (whose, out), (owner, target) = own, right
    answers = target.answers or ":" in address
    if out.arp and target.arp and answers:
        return None
    if out.arp:
        what = "is not answered by" if target.arp else "is off on"
        detail = f"ARP {what} {target.link.name} of {owner}, and {whose} has no permanent neighbour entry of {address}"
        return Step(LINK, UNKNOWN, detail, "arp_off")
    detail = f"ARP is off on {out.link.name} of {whose}, which has no permanent neighbour entry of {address}"
    state = UNKNOWN if ":" in address else FAILED
    return Step(LINK, state, detail, "arp_off", f"Run `{enter}ip link set {out.link.name} arp on`.")
