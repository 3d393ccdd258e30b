"""What sends the packets of a device to another one than that which has the address."""

from typing import TypeAlias

from exporter.core.explain.path import FAILED, LINK, UNKNOWN, Step
from exporter.core.reach.view import Device, NamespaceView, Neighbour

Named: TypeAlias = tuple[str, Device]  # a device with the name of its owner


def neighbour_step(view: NamespaceView, whose: str, pid: int, out: Device, address: str, right: Named) -> Step | None:
    """Return the step of what keeps the device `out` from the MAC address of the one that has `address`.

    `right` is that device. `pid` is a process in the namespace, 0 for the host's.
    """
    enter, own = f"nsenter -t {pid} -n " if pid else "", (whose, out)
    known = [entry for entry in view.neighbours if (entry.ifindex, entry.address) == (out.link.ifindex, address)]
    fixed = [entry for entry in known if not entry.learned]
    if fixed:
        return _wrong_entry(own, fixed[0], right, enter)
    return _no_arp(own, address, right, enter) or next(
        (_wrong_entry(own, entry, right, enter) for entry in known), None
    )


def _wrong_entry(own: Named, entry: Neighbour, right: Named, enter: str) -> Step | None:
    owner, mac_address = right[0], right[1].link.mac_address
    if entry.mac_address == mac_address or (entry.learned and not (entry.mac_address and mac_address)):
        return None
    command = f"Run `{enter}ip neighbour del {entry.address} dev {own[1].link.name}`."
    kind, state = ("learned", UNKNOWN) if entry.learned else ("permanent", FAILED)
    detail = f"{own[0]} has a {kind} neighbour entry of {entry.address} with {entry.mac_address}"
    return Step(LINK, state, f"{detail}, and that of {owner} is {mac_address}", "wrong_neighbour", command)


def _no_arp(own: Named, address: str, right: Named, enter: str) -> Step | None:
    """A device without ARP sends to its own MAC address (net/ipv4/arp.c: arp_constructor), and answers no request.

    Entries of other namespaces may be older than the change, and IPv6 resolves in another way: both are uncertain.
    """
    (whose, out), (owner, target) = own, right
    answers, requests_arp = target.answers or ":" in address, out.requests_arp or ":" in address
    if out.arp and target.arp and answers and requests_arp:
        return None
    if out.arp and not requests_arp:
        detail = (
            f"{whose} sends no ARP requests on {out.link.name} (mcast_solicit), and has no permanent neighbour entry"
        )
        return Step(LINK, UNKNOWN, f"{detail} of {address}", "arp_off")
    if out.arp:
        what = "is not answered by" if target.arp else "is off on"
        detail = f"ARP {what} {target.link.name} of {owner}, and {whose} has no permanent neighbour entry of {address}"
        return Step(LINK, UNKNOWN, detail, "arp_off")
    detail = f"ARP is off on {out.link.name} of {whose}, which has no permanent neighbour entry of {address}"
    state = UNKNOWN if ":" in address else FAILED
    return Step(LINK, state, detail, "arp_off", f"Run `{enter}ip link set {out.link.name} arp on`.")
