"""Binds that the kernel refused to containers, remembered for as long as they matter."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from exporter.core.model.bounded_dict import BoundedDict
from exporter.core.model.docker import Container, Inventory
from exporter.core.model.memo import keep_equal
from exporter.core.ports.bind_failures import RefusedBind
from exporter.core.ports.container_failures import WRITTEN_LATE, failed, recently_started
from exporter.core.ports.context import Refusal
from exporter.core.ports.listen_address import ListenAddress

MAX_PORTS = 1024  # of all containers
# A program that tries several ports does so within a moment, and uses the first that is free.
RETRY_WINDOW = 5.0

Refused = Mapping[str, Mapping[ListenAddress, Refusal]]


class _Times(Struct, frozen=True):
    cgroup_id: int
    first: float
    last: float


class RefusedBinds:
    """Takes refused binds. Not thread-safe."""

    def __init__(self, max_ports: int = MAX_PORTS) -> None:
        self._times: BoundedDict[tuple[str, ListenAddress], _Times] = BoundedDict(max_ports)
        self._current: Refused = {}

    def record(self, refused: Iterable[RefusedBind]) -> None:
        """Record those of containers; the oldest are evicted when there are too many."""
        for bind in refused:
            if bind.container_id:
                # Whether it was for IPv6 alone is not known.
                address = "" if bind.address == "::" else bind.address
                key = bind.container_id, ListenAddress(bind.protocol, address, bind.port)
                known = self._times.get(key)
                goes_on = known is not None and known.first <= bind.at  # else Unix time was set back
                self._times[key] = _Times(bind.cgroup_id, known.first if known and goes_on else bind.at, bind.at)

    def current(self, inventory: Inventory, now: float) -> Refused:
        """Return container id -> its refusals; the same object while they are equal.

        Those of an earlier life that has not failed are dropped.
        """
        found: dict[str, dict[ListenAddress, Refusal]] = {}
        for (container_id, place), times in list(self._times.items()):
            container = inventory.containers.get(container_id)
            if container is None or not _is_relevant(container, times, now):
                del self._times[container_id, place]
                continue
            retrying = times.last - times.first >= RETRY_WINDOW
            found.setdefault(container_id, {})[place] = Refusal(retrying, times.cgroup_id)
        self._current = keep_equal(self._current, found)
        return self._current


def _is_relevant(container: Container, times: _Times, now: float) -> bool:
    if container.details is None:
        return True
    if container.live:
        started = container.details.started
        set_back = started > now  # Unix time, since the start
        return set_back or times.last >= started - WRITTEN_LATE or recently_started(container, now)
    return failed(container)
