"""Endpoints of an overlay on other nodes: those that Docker lists, and those that the kernel has entries for."""

from collections.abc import Iterable, Mapping

from msgspec import Struct, field

from exporter.core.model.docker import RemoteEndpoint
from exporter.core.topology.topology import Topology

NETWORK_ID_LENGTH = 10


class OverlayRows(Struct, frozen=True):
    """The entries of this node's kernel for an overlay's endpoints on other nodes.

    `neighbours` are the rows of its vxlan devices, IP -> MAC address; `fdb` those of their forwarding tables, pairs of
    a MAC address and the node (VTEP) behind which it is.
    """

    neighbours: Mapping[str, str] = field(default_factory=dict)
    fdb: frozenset[tuple[str, str]] = frozenset()

    @property
    def nodes(self) -> frozenset[str]:
        """The other nodes that frames are sent to."""
        return frozenset(node for _, node in self.fdb)


class OverlayReading(Struct, frozen=True):
    """The rows of this node's overlays, by network id. Not `complete` while one of them cannot be read.

    `real_servers` are the addresses to which IPVS distributes connections of Swarm's routing mesh on this node; None
    where that is not known.
    """

    rows: Mapping[str, OverlayRows] = field(default_factory=dict)
    real_servers: frozenset[str] | None = None
    complete: bool = True


NO_OVERLAYS = OverlayReading()


class OverlayPeers(Struct, frozen=True):
    """An overlay with an endpoint on this node: its endpoints on other nodes, and the rows for them."""

    remote: tuple[RemoteEndpoint, ...]
    rows: OverlayRows


def overlay_namespace(sandbox_key: str, network_id: str) -> str:
    """Where the engine keeps the hidden namespace of an overlay: in the folder of its containers' sandboxes."""
    folder, _, _ = sandbox_key.rpartition("/")
    return f"{folder}/1-{network_id[:NETWORK_ID_LENGTH]}"


def ingress_namespace(files: Iterable[str]) -> str:
    """The hidden namespace of the routing mesh, in the folder of the overlays' own; '' without one of them."""
    return next((f"{file.rpartition('/')[0]}/ingress_sbox" for file in files), "")


def overlay_namespaces(topology: Topology) -> dict[str, str]:
    """Return network id -> file of the hidden namespace of each overlay with a container on this host."""
    return {
        attachment.network.id: overlay_namespace(attachment.container.sandbox_key, attachment.network.id)
        for attachment in topology.attachments
        if attachment.network.driver == "overlay" and attachment.container.sandbox_key
    }


def overlay_peers(topology: Topology, reading: OverlayReading) -> dict[str, OverlayPeers]:
    """Return network id -> both sides of each overlay that was read. Endpoints on this host are left out."""
    own = {address for addresses in topology.devices.addresses.values() for address in addresses}
    remote = topology.inventory.remote
    return {
        network_id: OverlayPeers(tuple(e for e in remote.get(network_id, ()) if e.host_ip not in own), rows)
        for network_id, rows in reading.rows.items()
    }
