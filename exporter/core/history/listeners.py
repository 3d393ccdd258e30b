"""Listeners of published ports and of containers in host mode, one entry for each container."""

from collections.abc import Iterator, Mapping

from exporter.core.history.change import LISTENER_CLOSED, LISTENER_OPENED, Change, joined
from exporter.core.model.docker import Inventory
from exporter.core.model.sockets import CONTAINER, DOCKER_PROXY, ENGINE, HostSockets, Owner

Key = tuple[str, str, int]  # protocol, address, port
HELD_FOR_CONTAINERS = frozenset({CONTAINER, DOCKER_PROXY, ENGINE})


class ListenerChanges:
    """Compares listeners by protocol, address and port. Not thread-safe."""

    def __init__(self) -> None:
        self._sockets: HostSockets | None = None
        self._known: dict[Key, Owner] = {}

    def update(self, sockets: HostSockets | None, inventory: Inventory) -> Iterator[Change]:
        """Yield what changed. An owner that is not known for a moment keeps its socket."""
        if sockets is None or sockets is self._sockets:
            return
        first, self._sockets = self._sockets is None, sockets
        old = self._known
        new = self._known = _held(sockets, old)
        if not first:
            yield from _grouped(LISTENER_CLOSED, {key: one for key, one in old.items() if key not in new}, inventory)
            yield from _grouped(LISTENER_OPENED, {key: one for key, one in new.items() if key not in old}, inventory)


def _held(sockets: HostSockets, old: Mapping[Key, Owner]) -> dict[Key, Owner]:
    found: dict[Key, Owner] = {}
    for listener in sockets.listeners:
        key = listener.socket.protocol, listener.socket.address, listener.socket.port
        if listener.owner.kind in HELD_FOR_CONTAINERS and listener.owner.name:
            found[key] = listener.owner
        elif key in old and not listener.owner.known:
            found[key] = old[key]
    return found


def _grouped(kind: str, held: Mapping[Key, Owner], inventory: Inventory) -> Iterator[Change]:
    """A container that was renamed since its socket was read has its present name."""
    by_container: dict[tuple[str, str], list[Key]] = {}
    for key, owner in held.items():
        container = inventory.containers.get(owner.container_id)
        name = container.name if container else owner.name
        by_container.setdefault((name, owner.container_id), []).append(key)
    for (name, container_id), keys in by_container.items():
        text = joined([_written(key) for key in sorted(keys)])
        before, after = (text, "") if kind == LISTENER_CLOSED else ("", text)
        yield Change(kind, name, before, after, container=name, container_id=container_id)


def _written(key: Key) -> str:
    protocol, address, port = key
    return f"{protocol} [{address}]:{port}" if ":" in address else f"{protocol} {address}:{port}"
