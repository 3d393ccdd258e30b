"""Listeners of published ports and of containers in host mode, one entry for each container."""

from collections.abc import Iterator, Mapping

from exporter.core.history.change import LISTENER_CLOSED, LISTENER_OPENED, Change, joined
from exporter.core.model.docker import Inventory
from exporter.core.model.sockets import CONTAINER, DOCKER_PROXY, ENGINE, HostSockets

Key = tuple[str, str, int]  # protocol, address, port
HELD_FOR_CONTAINERS = frozenset({CONTAINER, DOCKER_PROXY, ENGINE})


class ListenerChanges:
    """Compares listeners by protocol, address and port. Not thread-safe."""

    def __init__(self) -> None:
        self._sockets: HostSockets | None = None
        self._known: dict[Key, str] = {}  # the container's name

    def update(self, sockets: HostSockets | None, inventory: Inventory) -> Iterator[Change]:
        """Yield what changed. An owner that is not known for a moment keeps its socket."""
        if sockets is None or sockets is self._sockets:
            return
        first, self._sockets = self._sockets is None, sockets
        old = self._known
        new = self._known = _held(sockets, old)
        if not first:
            ids = {container.name: container.id for container in inventory.containers.values()}
            yield from _grouped(LISTENER_CLOSED, {key: name for key, name in old.items() if key not in new}, ids)
            yield from _grouped(LISTENER_OPENED, {key: name for key, name in new.items() if key not in old}, ids)


def _held(sockets: HostSockets, old: Mapping[Key, str]) -> dict[Key, str]:
    found: dict[Key, str] = {}
    for listener in sockets.listeners:
        key = listener.socket.protocol, listener.socket.address, listener.socket.port
        if listener.owner.kind in HELD_FOR_CONTAINERS and listener.owner.name:
            found[key] = listener.owner.name
        elif key in old and not listener.owner.known:
            found[key] = old[key]
    return found


def _grouped(kind: str, held: Mapping[Key, str], ids: Mapping[str, str]) -> Iterator[Change]:
    by_container: dict[str, list[Key]] = {}
    for key, name in held.items():
        by_container.setdefault(name, []).append(key)
    for name, keys in by_container.items():
        text = joined([_written(key) for key in sorted(keys)])
        before, after = (text, "") if kind == LISTENER_CLOSED else ("", text)
        yield Change(kind, name, before, after, container=name, container_id=ids.get(name, ""))


def _written(key: Key) -> str:
    protocol, address, port = key
    return f"{protocol} [{address}]:{port}" if ":" in address else f"{protocol} {address}:{port}"
