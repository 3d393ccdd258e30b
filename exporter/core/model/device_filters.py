"""What acts on packets at a device in addition to netfilter: tc filters, lossy qdiscs, XDP and tcx programs."""

from msgspec import Struct

INGRESS, EGRESS = "ingress", "egress"


class DeviceFilter(Struct, frozen=True):
    """One of them; what it does with packets is not known. `what` is a noun phrase: `tc filter u32 (pref 10)`."""

    ifindex: int
    direction: str
    what: str
