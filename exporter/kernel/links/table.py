"""The links of a namespace, kept current by messages, and the final counters of those that ended.

The kernel deletes a veth's host end in steps, and each message holds part of the final counters (rx is read from the
peer, which is detached one step earlier). So the largest value of each counter over all messages is taken, the
container's end included: it returns to our namespace, with the directions swapped, before both are deleted. A read in
between shows rx = 0, which is not a reset. A macvlan returns too, with all of its counters.
"""

from msgspec import Struct
from msgspec.structs import replace

from exporter.core.model.docker import Link
from exporter.core.model.kernel_sample import RX_ERRORS, ZERO_ROW, EndedLink, StatsRow, swapped
from exporter.kernel.links.links import LinkMessage

# Kinds whose final counters are kept; veths only if they are or were a port of a bridge, or have a peer elsewhere.
COUNTED = frozenset({"bridge", "macvlan", "ipvlan"})


class Life(Struct):
    """What is kept of a link: its peer and master from when it had them, and its largest counters."""

    nsid: int | None = None
    peer_ifindex: int = 0
    master: str = ""
    peer_mac: str = ""
    stats: StatsRow = ZERO_ROW

    def fold(self, stats: StatsRow) -> None:
        """Keep the larger of each counter."""
        self.stats = tuple(map(max, self.stats, stats))


class LinkTable:
    """Links by ifindex. `generation` grows when a device (not its counters) changed."""

    def __init__(self) -> None:
        self.links: dict[int, Link] = {}
        self.generation = 0
        self._lives: dict[int, Life] = {}
        self._returned: dict[int, int] = {}  # a container's end that came back -> the host's end
        self._ended: list[EndedLink] = []

    def drain_ended(self) -> list[EndedLink]:
        """Return the links that ended since the last call."""
        ended, self._ended = self._ended, []
        return ended

    def in_namespace(self, nsid: int) -> list[int]:
        """Return the ifindexes of the veths whose peer is in a namespace."""
        return [ifindex for ifindex, life in self._lives.items() if life.nsid == nsid]

    def replace(self, dump: list[LinkMessage]) -> None:
        """Replace all links by a dump: those absent from it have ended, with the counters last received."""
        present = {message.link.ifindex for message in dump}
        for ifindex in [index for index in self.links if index not in present]:
            self._end(ifindex)
        self.links.update({message.link.ifindex: message.link for message in dump})
        self.generation += 1
        for message in dump:
            self.apply(message)

    def apply(self, message: LinkMessage) -> None:
        """Apply one message."""
        link = message.link
        if message.deleted:
            self._fold(link, message.stats)
            self._end(link.ifindex, moved=message.moved)
            return
        if self.links.get(link.ifindex) != link:
            self.links[link.ifindex] = link
            self.generation += 1
        self._update_life(link)
        self._fold(link, message.stats)

    def _update_life(self, link: Link) -> None:
        if link.kind == "veth":
            if not link.master_ifindex and link.peer_nsid is None:
                self._note_return(link)
                return
        elif link.kind not in COUNTED:
            return
        life = self._lives.setdefault(link.ifindex, Life())
        if (master := self.links.get(link.master_ifindex)) is not None:
            life.master = master.name
        if link.peer_nsid is not None:
            life.nsid, life.peer_ifindex = link.peer_nsid, link.peer_ifindex

    def _note_return(self, link: Link) -> None:
        """Note a veth without a bridge whose peer is a known host end: a container's end, before or after its life."""
        if (life := self._lives.get(link.peer_ifindex)) is not None:
            self._returned[link.ifindex] = link.peer_ifindex
            life.peer_mac = link.mac_address

    def _fold(self, link: Link, stats: StatsRow | None) -> None:
        if stats is None:
            return
        if (life := self._lives.get(link.ifindex)) is not None:
            life.fold(stats)
        elif (life := self._lives.get(self._returned.get(link.ifindex, 0))) is not None:
            # Packets and bytes are the same on both ends, errors and drops are not.
            life.fold((*swapped(stats)[:RX_ERRORS], *ZERO_ROW[RX_ERRORS:]))

    def _end(self, ifindex: int, *, moved: bool = False) -> None:
        link = self.links.pop(ifindex, None)
        if link is None:
            return
        self.generation += 1
        self._returned.pop(ifindex, None)
        life = self._lives.pop(ifindex, None)
        if life is not None and not moved:
            marks = replace(link, peer_nsid=life.nsid, peer_ifindex=life.peer_ifindex)
            self._ended.append(EndedLink(marks, (ifindex, *life.stats[1:]), life.master, life.peer_mac))
