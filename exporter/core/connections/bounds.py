"""At most so many pairs: the rest of a container's ports and peers are counted together."""

from collections.abc import Iterable

from exporter.core.connections.pair import OTHER, Pair

MAX_PORTS, MAX_PEERS, MAX_PAIRS = 64, 128, 512  # of one container; of the pairs on both sides


class Bounds:
    """The ports and peers of each container that have series of their own."""

    def __init__(self) -> None:
        self._ports: dict[str, set[str]] = {}
        self._peers: dict[str, set[tuple[str, str]]] = {}
        self._pairs: dict[str, set[Pair]] = {}

    def bounded(self, pair: Pair) -> Pair:
        """Return the pair, or one with 'other' in place of what is beyond the bounds."""
        pairs = self._pairs.setdefault(pair.container, set())
        if pair in pairs:
            return pair
        ports, peers = self._ports.setdefault(pair.container, set()), self._peers.setdefault(pair.container, set())
        peer = (pair.peer_kind, pair.peer)
        if pair.port not in ports and len(ports) >= MAX_PORTS:
            pair = pair._replace(port=OTHER)
        if peer not in peers and len(peers) >= MAX_PEERS:
            pair = pair._replace(peer_kind=OTHER, peer="")
        if len(pairs) >= MAX_PAIRS and pair not in pairs:
            pair = pair._replace(peer_kind=OTHER, peer="", port=OTHER)
        self._add(pair)
        return pair

    def keep(self, pairs: Iterable[Pair]) -> None:
        """Take what is left after some were forgotten."""
        for found in (self._ports, self._peers, self._pairs):
            found.clear()
        for pair in pairs:
            self._add(pair)

    def _add(self, pair: Pair) -> None:
        self._pairs.setdefault(pair.container, set()).add(pair)
        if pair.port != OTHER:
            self._ports.setdefault(pair.container, set()).add(pair.port)
        if pair.peer_kind != OTHER:
            self._peers.setdefault(pair.container, set()).add((pair.peer_kind, pair.peer))
