"""A packet on its way through a network namespace, and what is known of the namespace that it goes through."""

from collections.abc import Callable, Mapping
from operator import itemgetter
from typing import Any, NamedTuple, TypeAlias

from msgspec import Struct, field

from exporter.core.nat.ruleset import IP, STATE_NEW, STATE_OPENS

OUTSIDE = ""  # the device of packets that enter or leave the host: any uplink

# How certain it is that a condition holds. The lower of two is what both together are.
Answer: TypeAlias = int
NO, UNKNOWN, SOME, YES = range(4)  # SOME: for some of the packets that the walk stands for


class Mark(NamedTuple):
    """A mark's possible values, none where it may be any; `certainty`: the answer if a condition matches only some."""

    values: tuple[int, ...] = (0,)
    certainty: Answer = YES


class Destination(NamedTuple):
    """Where a packet was sent before a translation."""

    address: int | None
    port: int | None
    to_host: bool


class Packet(NamedTuple):
    """A packet; the first of a connection by default.

    `src` and `dst` are numbers; None is any address outside, or with `to_host` any of the host's own. Ports of clients
    are None: any of the dynamic ones. `to_host` and `from_host`: the address is the namespace's own. `original` is the
    connection's first destination where it was translated. `reply`: it goes against the direction of the first packet.
    """

    iif: str = OUTSIDE
    oif: str = OUTSIDE
    src: int | None = None
    dst: int | None = None
    protocol: str = "tcp"
    dport: int | None = 0
    to_host: bool = False
    state: int = STATE_NEW
    sport: int | None = None
    family: str = IP
    from_host: bool = False
    reply: bool = False
    mark: Mark = Mark()
    ct_mark: Mark = Mark()
    original: Destination | None = None

    @property
    def opens(self) -> bool:
        """Whether it is the first packet of a connection, tracked or not."""
        return bool(self.state & (STATE_NEW | STATE_OPENS))

    def untracked(self, state: int) -> "Packet":
        """The packet without a connection."""
        return self._replace(state=state | STATE_OPENS if self.opens else state)

    @property
    def first_destination(self) -> Destination:
        """Where the connection's first packet was sent."""
        return self.original or Destination(self.dst, self.dport, self.to_host)


def parts_of(*fields: str) -> Callable[[Packet], Any]:
    """Return a function that takes fields of a packet: a value, or a tuple of several."""
    return itemgetter(*map(Packet._fields.index, fields))


class Inside(Struct, frozen=True):
    """A network namespace, as far as conditions on devices and addresses need it; what is empty is not known.

    `bridges` are Docker's, `networks` (network, mask) of addresses that no packet from outside has. `uplinks` are the
    devices by which clients come, `devices` every device by its name with its ifindex, `groups` with its group,
    `addresses` the namespace's own by their family, without those of Docker's bridges. `own` are all of the
    namespace's addresses. `neighbours`: by family a client on an uplink's own network. `links` are the networks that
    are directly connected by devices other than Docker's bridges.
    """

    bridges: frozenset[str] = frozenset()
    networks: tuple[tuple[int, int], ...] = ()
    uplinks: frozenset[str] = frozenset()
    devices: Mapping[str, int] = field(default_factory=dict)
    groups: Mapping[str, int] = field(default_factory=dict)
    addresses: Mapping[str, frozenset[int]] = field(default_factory=dict)
    own: Mapping[str, frozenset[int]] = field(default_factory=dict)
    neighbours: Mapping[str, int] = field(default_factory=dict)
    links: tuple[tuple[int, int], ...] = ()
