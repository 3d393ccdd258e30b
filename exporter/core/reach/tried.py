"""What was seen when it was really tried: the values of `explain --probe`."""

from msgspec import Struct

# Outcomes of a connection. CLOSED: accepted, and ended by the other end within 100 ms. SILENT: UDP without an answer.
OPEN, REFUSED, TIMED_OUT, CLOSED, SILENT, ANSWERED = "open", "refused", "timeout", "closed", "silent", "answered"
NO_HOST, NO_NETWORK, NO_ADDRESS, NOT_PERMITTED = "no_host", "no_network", "no_address", "not_permitted"
TOO_BIG, FAILED = "too_big", "failed"
NOERROR = "NOERROR"


class NameAnswer(Struct, frozen=True):
    """The answer of a name server. `rcode` is NOERROR, NXDOMAIN, SERVFAIL, ..., or REFUSED, TIMED_OUT of the socket."""

    server: str
    rcode: str
    addresses: tuple[str, ...] = ()
    seconds: float = 0.0


class Connect(Struct, frozen=True):
    """The outcome of connecting to `address`; `reason` is the system's text where `outcome` is FAILED.

    `offender` is the router that reported it, '' where none did (IP_RECVERR, SO_EE_OFFENDER).
    """

    address: str
    outcome: str
    seconds: float = 0.0
    reason: str = ""
    offender: str = ""


class Echo(Struct, frozen=True):
    """The outcome of an ICMP echo of `size` bytes, header included, that may not be fragmented.

    ANSWERED, TIMED_OUT, TOO_BIG (this host or a router said so), NOT_PERMITTED. `smaller`: a small one was answered.
    """

    size: int
    outcome: str
    seconds: float = 0.0
    smaller: bool = False


class Tried(Struct, frozen=True):
    """All that was tried from inside one namespace; None is what was not."""

    name: NameAnswer | None = None
    connect: Connect | None = None
    echo: Echo | None = None
    error: str = ""
