"""Whose an end of connections is, and who is at the other end.

A pair of containers is counted once, by the one that connected. What a server accepts is counted where the client's
sockets are not on this host. Clients from outside that docker-proxy relays are those that it accepts.
"""

from collections.abc import Mapping
from enum import Enum
from ipaddress import ip_address

from msgspec import Struct

from exporter.core.connections.directory import HOST_PEER, Directory, Peer
from exporter.core.connections.pair import CLIENT, CONTAINER, OTHER, OUTSIDE, SERVER, Pair
from exporter.core.connections.reading import End
from exporter.core.model.bounded_dict import BoundedDict
from exporter.core.model.docker import Inventory

HOST_MODE = "host"
UNSPECIFIED = "::"
MAX_IDS = 4096
OF_HOST = ""


class Result(Enum):
    """What an end is that has no pair: to be resolved again with a later inventory, or not counted."""

    PENDING = "pending"
    IGNORED = "ignored"


class Identity(Struct, frozen=True):
    """A container, existing or removed; `started` is in Unix time, 0 where it is not known."""

    name: str
    host_mode: bool
    network_owner: str
    started: float


class Attribution:
    """Not thread-safe. `host_cookie` is that of the host's network namespace."""

    def __init__(self, host_cookie: int) -> None:
        self._host_cookie = host_cookie
        self._directory = Directory()
        self._host_addresses: frozenset[str] = frozenset()
        self._namespaces: Mapping[int, str] = {}
        self._identities: BoundedDict[str, Identity] = BoundedDict(MAX_IDS)
        self._owners: BoundedDict[int, str] = BoundedDict(MAX_IDS)  # netns cookie -> container id

    def update(self, inventory: Inventory, directory: Directory) -> None:
        """Take an inventory; removed containers stay known."""
        self._directory = directory
        self._identities.resize(max(MAX_IDS, 2 * len(inventory.containers)))
        for c in inventory.containers.values():
            started = c.details.started if c.details else 0.0
            self._identities[c.id] = Identity(c.name, c.network_mode == HOST_MODE, c.network_owner, started)

    def update_namespaces(self, namespaces: Mapping[int, str], host_addresses: frozenset[str]) -> None:
        """Take container ids by the inode of their network namespace, and the host's addresses with the gateways."""
        self._namespaces, self._host_addresses = namespaces, host_addresses

    def pair(self, end: End, seen: float) -> Pair | Result:
        """Return the pair of an end, before bounds; `seen` is the Unix time of the first reading with it."""
        if end.netns_cookie == self._host_cookie:
            owner: str | Result = self._host_owner(end)
        else:
            owner = self._owner(end, seen)
        if isinstance(owner, Result):
            return owner
        if end.port == 0 and end.local == UNSPECIFIED:
            side = CLIENT if end.connected else SERVER
            return Pair(owner, "", OTHER, OTHER, side) if owner else Result.IGNORED
        return self._connected(end, owner) if end.connected else self._accepted(end, owner)

    def _owner(self, end: End, seen: float) -> str | Result:
        """By the cgroup in which the socket was made, else by the namespace."""
        container_id = end.container_id
        if container_id not in self._identities:
            container_id = self._owners.get(end.netns_cookie) or self._owner_of_inode(end.netns, seen)
        known = self._identities.get(container_id)
        if known is None:
            return Result.PENDING if end.container_id else Result.IGNORED
        self._owners[end.netns_cookie] = container_id
        sandbox = self._identities.get(known.network_owner)
        return sandbox.name if sandbox else known.name

    def _owner_of_inode(self, netns: int, seen: float) -> str:
        """Return '' where the container started later: a namespace that ended had the inode, such as one of a build."""
        container_id = self._namespaces.get(netns, "")
        known = self._identities.get(container_id)
        return "" if known is None or seen < known.started else container_id

    def _host_owner(self, end: End) -> str | Result:
        known = self._identities.get(end.container_id)
        if known is not None and known.host_mode:
            return known.name
        return Result.IGNORED if end.proxy else OF_HOST

    def _connected(self, end: End, owner: str) -> Pair | Result:
        kind, name = self._peer(end)[0]
        if not owner and kind != CONTAINER:
            return Result.IGNORED
        return Pair(owner, name, kind, str(end.port), CLIENT)

    def _accepted(self, end: End, owner: str) -> Pair | Result:
        (kind, name), is_local = self._peer(end)
        if is_local:
            return Result.IGNORED
        if owner:
            return Pair(owner, name, kind, str(end.port), SERVER)
        target = self._directory.publisher(end.local, end.port)
        return Pair(target.container, name, kind, str(target.port), SERVER) if target else Result.IGNORED

    def _peer(self, end: End) -> tuple[Peer, bool]:
        """Return the peer, and whether its sockets are on this host."""
        if not end.remote:
            return (OUTSIDE, ""), False
        if ip_address(end.remote).is_loopback or end.remote in self._host_addresses:
            target = self._directory.publisher(end.remote, end.port) if end.connected else None
            return ((CONTAINER, target.container) if target else HOST_PEER), True
        return self._directory.peer(end.local, end.remote)
