"""What acts on packets at a device in addition to netfilter: tc filters, lossy qdiscs, XDP and tcx programs."""

from dataclasses import dataclass

INGRESS, EGRESS = "ingress", "egress"


@dataclass(frozen=True, slots=True)
class DeviceFilter:
    """One of them; what it does with packets is not known. `what` is a noun phrase: `tc filter u32 (pref 10)`."""

    ifindex: int
    direction: str
    what: str
