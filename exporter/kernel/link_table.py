"""The devices of a namespace kept current from messages, and the last counters of those that end.

A veth's host end dies in steps, and each message of them holds part of the truth (rx comes from the peer, which is
detached one step earlier). So the largest value of each counter over all messages wins, the container's end
included: it comes back into our namespace, with the directions swapped, before both are deleted. A poll in the
middle reads rx = 0, which is no reset.
"""

from dataclasses import dataclass, replace

from exporter.core.model import Link
from exporter.core.sample import NOTHING, EndedLink, StatsRow, swapped
from exporter.kernel.links import LinkMessage


@dataclass(slots=True)
class Life:
    """What is remembered of a veth's host end: its marks from the time when it had them, and its largest counters."""

    nsid: int | None
    peer_ifindex: int
    master_ifindex: int
    peer_mac: str = ""
    stats: StatsRow = NOTHING

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

    def take_ended(self) -> list[EndedLink]:
        """Hand over the veths that ended since the last call."""
        ended, self._ended = self._ended, []
        return ended

    def replace(self, dump: list[LinkMessage]) -> None:
        """Start over from a dump: what is not in it ended unseen, with the counters last heard."""
        present = {message.link.ifindex for message in dump}
        for ifindex in [index for index in self.links if index not in present]:
            self._end(ifindex)
        for message in dump:
            self.apply(message)

    def apply(self, message: LinkMessage) -> None:
        """Take one message into account."""
        if message.stats is not None:
            self._fold(message.link, message.stats)
        if message.deleted:
            self._end(message.link.ifindex, moved=message.moved)
        else:
            self._keep(message.link)

    def _keep(self, link: Link) -> None:
        if self.links.get(link.ifindex) != link:
            self.links[link.ifindex] = link
            self.generation += 1
        if link.kind != "veth":
            return
        if link.peer_nsid is None and link.peer_ifindex in self._lives and not link.master_ifindex:
            self._returned[link.ifindex] = link.peer_ifindex
            self._lives[link.peer_ifindex].peer_mac = link.mac_address
        if link.master_ifindex or link.peer_nsid is not None:
            self._remember(link)

    def _remember(self, link: Link) -> None:
        life = self._lives.get(link.ifindex)
        if life is None:
            life = self._lives[link.ifindex] = Life(None, 0, 0)
        life.master_ifindex = link.master_ifindex or life.master_ifindex
        if link.peer_nsid is not None:
            life.nsid, life.peer_ifindex = link.peer_nsid, link.peer_ifindex

    def _fold(self, link: Link, stats: StatsRow) -> None:
        if (life := self._lives.get(link.ifindex)) is not None:
            life.fold(stats)
        host_end = self._returned.get(link.ifindex, link.peer_ifindex if link.peer_nsid is None else 0)
        if not link.master_ifindex and (life := self._lives.get(host_end)) is not None:
            life.fold(swapped(stats))

    def _end(self, ifindex: int, *, moved: bool = False) -> None:
        link = self.links.pop(ifindex, None)
        if link is None:
            return
        self.generation += 1
        self._returned.pop(ifindex, None)
        life = self._lives.pop(ifindex, None)
        if life is not None and not moved:
            marks = replace(
                link, peer_nsid=life.nsid, peer_ifindex=life.peer_ifindex, master_ifindex=life.master_ifindex
            )
            self._ended.append(EndedLink(marks, (ifindex, *life.stats[1:]), life.peer_mac))
