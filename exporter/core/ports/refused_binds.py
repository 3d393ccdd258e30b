"""Binds that the kernel refused to containers, remembered for as long as they matter."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from exporter.core.model.docker import Container, Inventory
from exporter.core.ports.bind_failures import RefusedBind
from exporter.core.ports.container_failures import WRITTEN_LATE, failed, recently_started
from exporter.core.ports.context import Refusal
from exporter.core.ports.listen_address import ListenAddress

REMEMBERED = 1024
# One who tries several ports does so within a moment, and is content with the first that is free.
RETRY_WINDOW = 5.0

Refused = Mapping[str, Mapping[ListenAddress, Refusal]]


@dataclass(slots=True)
class _Times:
    cgroup_id: int
    first: float
    last: float


class RefusedBinds:
    """Told of refused binds and of inventories."""

    def __init__(self) -> None:
        self._times: OrderedDict[tuple[str, ListenAddress], _Times] = OrderedDict()
        self._current: Refused = {}

    def take(self, refused: Iterable[RefusedBind]) -> None:
        """Remember those of containers; the oldest are forgotten when there are too many."""
        for bind in refused:
            if bind.container_id:
                # Whether it wanted IPv6 alone is not told.
                address = "" if bind.address == "::" else bind.address
                key = bind.container_id, ListenAddress(bind.protocol, address, bind.port)
                times = self._times.setdefault(key, _Times(bind.cgroup_id, bind.at, bind.at))
                times.cgroup_id, times.last = bind.cgroup_id, bind.at
                self._times.move_to_end(key)
        while len(self._times) > REMEMBERED:
            self._times.popitem(last=False)

    def current(self, inventory: Inventory, now: float) -> Refused:
        """Return container id -> what it was refused; the same object while that is the same.

        What was refused to an earlier life that has not failed is forgotten.
        """
        found: dict[str, dict[ListenAddress, Refusal]] = {}
        for (container_id, place), times in list(self._times.items()):
            container = inventory.containers.get(container_id)
            if container is None or not _matters(container, times, now):
                del self._times[container_id, place]
                continue
            retrying = times.last - times.first >= RETRY_WINDOW
            found.setdefault(container_id, {})[place] = Refusal(retrying, times.cgroup_id)
        if found != self._current:
            self._current = found
        return self._current


def _matters(container: Container, times: _Times, now: float) -> bool:
    if container.details is None:
        return True
    if container.live:
        return times.last >= container.details.started - WRITTEN_LATE or recently_started(container, now)
    return failed(container)
