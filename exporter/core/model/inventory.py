"""Changes of the Inventory, each a new value: readers hold the old one whole until they take the next."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from msgspec.structs import replace

from exporter.core.model.docker import PODMAN, Container, Endpoint, Engine, Inventory, Network, NetworkInspect
from exporter.core.model.memo import IdentityMemo, keep_equal

SHARES_NAMESPACE = frozenset({"host", "container"})

T = TypeVar("T")


def with_listing(
    inventory: Inventory,
    engine: Engine,
    containers: Iterable[Container],
    networks: Iterable[Network],
    now: float,
) -> Inventory:
    """Everything as just listed; what has not changed is the same object, with the fields of its inspect."""
    return replace(
        with_networks(inventory, networks),
        connected=True,
        engine=engine,
        containers={c.id: _keep_details(inventory.containers.get(c.id), c) for c in containers},
        synced_at=now,
    )


def _keep_details(known: Container | None, listed: Container) -> Container:
    if known is None or not _same_life(known, listed):
        return listed
    # A list has whole seconds, and an image's id once its name has moved: labels must not change with it.
    found = replace(
        listed,
        pid=known.pid,
        sandbox_key=known.sandbox_key,
        image=known.image,
        created=known.created or listed.created,
        details=known.details,
    )
    return keep_equal(known, found)


def _same_life(known: Container, listed: Container) -> bool:
    if not (known.live and listed.live):
        return known.state == listed.state
    return _sandboxes(known) == _sandboxes(listed)


def uninspected(inventory: Inventory) -> tuple[str, ...]:
    """Return the names of the containers whose inspect was not read: their ports are not known."""
    return tuple(sorted(one.name for one in inventory.containers.values() if one.details is None))


def _sandboxes(container: Container) -> frozenset[str]:
    """An endpoint's id is new at each start, so equal ones mean the same life."""
    return frozenset(endpoint.endpoint_id for endpoint in container.endpoints)


def with_container(inventory: Inventory, container: Container) -> Inventory:
    """One container as just inspected."""
    return replace(inventory, containers={**inventory.containers, container.id: container})


def without_container(inventory: Inventory, container_id: str) -> Inventory:
    """One container gone; the same value when it was not there."""
    if container_id not in inventory.containers:
        return inventory
    left = {key: value for key, value in inventory.containers.items() if key != container_id}
    return replace(inventory, containers=left)


def with_networks(inventory: Inventory, networks: Iterable[Network]) -> Inventory:
    """All networks as just listed; the inspects of those that still exist are kept."""
    by_id = {network.id: keep_equal(inventory.networks.get(network.id, network), network) for network in networks}
    return replace(
        inventory,
        networks=by_id,
        members=_of(by_id, inventory.members),
        remote=_of(by_id, inventory.remote),
        address_use=_of(by_id, inventory.address_use),
        mesh=_of(by_id, inventory.mesh),
        service_addresses=_of(by_id, inventory.service_addresses),
    )


def _of(networks: Mapping[str, Network], known: Mapping[str, T]) -> dict[str, T]:
    return {network_id: value for network_id, value in known.items() if network_id in networks}


def with_inspect(inventory: Inventory, network_id: str, found: NetworkInspect | None) -> Inventory:
    """One network as just inspected; None when it is gone. The same value when nothing changed."""
    if found is None:
        others = {key: network for key, network in inventory.networks.items() if key != network_id}
        return replace(with_networks(inventory, others.values()), networks=inventory.networks)
    if found == _inspect_of(inventory, network_id):
        return inventory
    return replace(
        inventory,
        members={**inventory.members, network_id: found.members},
        remote={**inventory.remote, network_id: found.remote},
        address_use={**inventory.address_use, network_id: found.address_use},
        mesh={**inventory.mesh, network_id: found.mesh} if found.mesh or inventory.mesh else inventory.mesh,
        service_addresses={**inventory.service_addresses, network_id: found.service_addresses},
    )


def _inspect_of(inventory: Inventory, network_id: str) -> NetworkInspect | None:
    if network_id not in inventory.members:
        return None
    return NetworkInspect(
        inventory.members[network_id],
        inventory.remote.get(network_id, ()),
        inventory.address_use.get(network_id, {}),
        inventory.mesh.get(network_id, ()),
        inventory.service_addresses.get(network_id, {}),
    )


def disconnected(inventory: Inventory) -> Inventory:
    """The same inventory while the engine is away."""
    return replace(inventory, connected=False)


def with_known(known: Inventory, latest: Inventory) -> Inventory:
    """Return the known value while only the time of the list differs."""
    return known if latest == replace(known, synced_at=latest.synced_at) else latest


def completes(later: Inventory, earlier: Inventory) -> bool:
    """Whether the later one only adds what inspects found: then nothing is missed without the earlier one."""
    return (
        _without_inspects(later) == _without_inspects(earlier)
        and later.containers.keys() == earlier.containers.keys()
        and all(_completes(later.containers[id_], found) for id_, found in earlier.containers.items())
        and all(
            getattr(earlier, name).items() <= getattr(later, name).items() for name in NetworkInspect.__struct_fields__
        )
    )


def _without_inspects(inventory: Inventory) -> Inventory:
    return replace(inventory, synced_at=0.0, containers={}, **{name: {} for name in NetworkInspect.__struct_fields__})


def _completes(later: Container, earlier: Container) -> bool:
    """The container was not inspected then, or has not changed."""
    if later is earlier:
        return True
    return earlier.details is None and (later.state, later.name, later.network_mode, later.endpoints) == (
        earlier.state,
        earlier.name,
        earlier.network_mode,
        earlier.endpoints,
    )


def with_distinct_names(inventory: Inventory) -> Inventory:
    """Docker allows several networks of one name: the later ones get their id appended, so that labels are unique."""
    names = [network.name for network in inventory.networks.values()]
    if len(names) == len(set(names)):
        return inventory
    taken: set[str] = set()
    networks = {}
    for network in sorted(inventory.networks.values(), key=lambda network: (network.created, network.id)):
        name = f"{network.name}-{network.id[:12]}" if network.name in taken else network.name
        taken.add(name)
        networks[network.id] = replace(network, name=name)
    return replace(inventory, networks=networks)


def sandboxed(inventory: Inventory) -> tuple[Container, ...]:
    """The live containers that have a network namespace of their own."""
    return tuple(c for c in inventory.containers.values() if c.live and c.network_mode not in SHARES_NAMESPACE)


def _attached(inventory: Inventory) -> Mapping[str, Sequence[tuple[Container, Endpoint]]]:
    found: dict[str, list[tuple[Container, Endpoint]]] = {}
    for container in inventory.containers.values():
        for endpoint in container.endpoints:
            found.setdefault(endpoint.network_id, []).append((container, endpoint))
    return found


# Network id -> the endpoints of all containers there, running or not; kept for the latest inventory.
attached = IdentityMemo(_attached)


def networks_in_use(inventory: Inventory) -> set[str]:
    """Return the ids of networks with an endpoint of a running container."""
    live = {container.id for container in inventory.containers.values() if container.live}
    listed = {e.network_id for c in inventory.containers.values() if c.live for e in c.endpoints}
    members = {key for key, found in inventory.members.items() if any(m.container_id in live for m in found)}
    return listed | members


def has_bridges(inventory: Inventory) -> bool:
    """Whether the engine has made a bridge: Docker does with the network, Podman with the first container on it."""
    made = {network.id for network in inventory.networks.values() if network.bridge}
    if inventory.engine is not None and inventory.engine.product == PODMAN:
        made &= networks_in_use(inventory)
    return bool(made)
