"""A container's places on networks: connected, disconnected, another address.

Networks go by their names: the default bridge has another id after each start of the engine.
"""

from collections.abc import Iterable, Iterator

from exporter.core.history.change import ADDRESS_CHANGED, ENDPOINT_CONNECTED, ENDPOINT_DISCONNECTED, Change
from exporter.core.model.docker import Container, Endpoint

WITHOUT_DEVICES = frozenset({"host", "none"})  # Docker's names of the networks whose containers have no device
Addresses = tuple[str, str]  # IPv4, IPv6


class EndpointChanges:
    """Compares the endpoints of a container, also of its next life with the last address. Not thread-safe."""

    def __init__(self) -> None:
        self._addresses: dict[str, dict[str, Addresses]] = {}  # container id -> network -> last addresses

    def remember(self, containers: Iterable[Container]) -> None:
        """Take the addresses of the first inventory."""
        for container in containers:
            for endpoint in _endpoints(container).values():
                self._replace(container.id, endpoint)

    def forget(self, container_id: str) -> None:
        """Drop the addresses of a container that was removed."""
        self._addresses.pop(container_id, None)

    def compare(self, before: Container | None, after: Container) -> Iterator[Change]:
        """Yield what changed on the networks of a container."""
        old, new = _endpoints(before) if before else {}, _endpoints(after)
        if before is not None and _same_life(before, after):
            for name in [name for name in old if name not in new]:
                yield _change(ENDPOINT_DISCONNECTED, after, old[name], before=_written(_of(old[name])))
            for name in [name for name in new if name not in old]:
                yield _change(ENDPOINT_CONNECTED, after, new[name], after=_written(_of(new[name])))
        for endpoint in new.values():
            last = self._replace(after.id, endpoint)
            if any(then and now and then != now for then, now in zip(last, _of(endpoint), strict=True)):
                yield _change(ADDRESS_CHANGED, after, endpoint, _written(last), _written(_of(endpoint)))

    def _replace(self, container_id: str, endpoint: Endpoint) -> Addresses:
        """Keep the present addresses, and return the last ones; an address that is not known yet replaces none."""
        known = self._addresses.setdefault(container_id, {})
        last = known.get(endpoint.network, ("", ""))
        now = _of(endpoint)
        known[endpoint.network] = (now[0] or last[0], now[1] or last[1])
        return last


def _endpoints(container: Container) -> dict[str, Endpoint]:
    return {e.network: e for e in container.endpoints if e.network not in WITHOUT_DEVICES}


def _same_life(before: Container, after: Container) -> bool:
    if not (before.live and after.live):
        return False
    return not (before.details and after.details) or before.details.started == after.details.started


def _of(endpoint: Endpoint) -> Addresses:
    return endpoint.ip_address, endpoint.ip6_address


def _written(addresses: Addresses) -> str:
    return " ".join(filter(None, addresses))


def _change(kind: str, container: Container, endpoint: Endpoint, before: str = "", after: str = "") -> Change:
    return Change(
        kind,
        container.name,
        before,
        after,
        container=container.name,
        container_id=container.id,
        network=endpoint.network,
    )
