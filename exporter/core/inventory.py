"""Changes of the Inventory, each a new value: readers hold the old one whole until they take the next."""

from collections.abc import Iterable
from dataclasses import replace

from exporter.core.model import Container, Engine, Inventory, Member, Network

SHARES_NAMESPACE = frozenset({"host", "container"})


def with_listing(
    inventory: Inventory,
    engine: Engine,
    containers: Iterable[Container],
    networks: Iterable[Network],
    now: float,
) -> Inventory:
    """Everything as just listed; what only an inspect tells is kept for a container that has not changed."""
    networks = tuple(networks)
    return Inventory(
        connected=True,
        engine=engine,
        containers={c.id: _keep_details(inventory.containers.get(c.id), c) for c in containers},
        networks={network.id: network for network in networks},
        members=_members_of(inventory, networks),
        synced_at=now,
    )


def _keep_details(known: Container | None, listed: Container) -> Container:
    if known is None or not _same_life(known, listed):
        return listed
    # A list tells whole seconds, and an image's id once its name has moved on: labels must not change with it.
    return replace(
        listed,
        pid=known.pid,
        sandbox_key=known.sandbox_key,
        image=known.image,
        created=known.created or listed.created,
        details=known.details,
    )


def _same_life(known: Container, listed: Container) -> bool:
    if not (known.live and listed.live):
        return known.state == listed.state
    return _sandboxes(known) == _sandboxes(listed)


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
    """All networks as just listed."""
    networks = tuple(networks)
    by_id = {network.id: network for network in networks}
    return replace(inventory, networks=by_id, members=_members_of(inventory, networks))


def _members_of(inventory: Inventory, networks: Iterable[Network]) -> dict[str, tuple[Member, ...]]:
    """Return the members of those networks that are still there."""
    return {network.id: inventory.members[network.id] for network in networks if network.id in inventory.members}


def with_members(inventory: Inventory, network_id: str, members: Iterable[Member] | None) -> Inventory:
    """One network's members as just inspected; None when the network is gone."""
    others = {key: value for key, value in inventory.members.items() if key != network_id}
    return replace(inventory, members=others if members is None else {**others, network_id: tuple(members)})


def disconnected(inventory: Inventory) -> Inventory:
    """The engine is away: what is known stays, and is called old."""
    return replace(inventory, connected=False)


def with_distinct_names(inventory: Inventory) -> Inventory:
    """Docker takes network names for labels: of several with one name the later ones get their id behind it."""
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
