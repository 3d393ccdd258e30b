"""What a node must know of an overlay's other nodes, and what it knows."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class RemoteEndpoint:
    """An endpoint on another node (Engine API: GET /networks/ID?verbose=true, Services, Tasks)."""

    name: str
    ip_address: str
    host_ip: str


@dataclass(frozen=True, slots=True)
class OverlayPeers:
    """One overlay as this node sees it, with an endpoint of its own on it.

    `neighbours` are the rows of its vxlan device, IP -> MAC address; `fdb` its MAC address -> the node's address.
    """

    remote: tuple[RemoteEndpoint, ...]
    neighbours: Mapping[str, str] = field(default_factory=dict)
    fdb: Mapping[str, str] = field(default_factory=dict)
