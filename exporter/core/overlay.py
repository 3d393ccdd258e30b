"""What a node must know of an overlay's other nodes, and what it knows."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from exporter.core.topology import Topology

NETWORK_ID_LENGTH = 10


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


def overlay_namespace(sandbox_key: str, network_id: str) -> str:
    """Where the engine keeps the hidden namespace of an overlay: beside the sandboxes of its containers."""
    folder, _, _ = sandbox_key.rpartition("/")
    return f"{folder}/1-{network_id[:NETWORK_ID_LENGTH]}"


def overlay_namespaces(topology: Topology) -> dict[str, str]:
    """Return network id -> file of the hidden namespace of each overlay that a container here is on."""
    return {
        attachment.network.id: overlay_namespace(attachment.container.sandbox_key, attachment.network.id)
        for attachment in topology.attachments
        if attachment.network.driver == "overlay" and attachment.container.sandbox_key
    }
