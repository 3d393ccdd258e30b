"""Networks made and removed; the engine lost and returned."""

from collections.abc import Iterator

from exporter.core.history.change import ENGINE_LOST, ENGINE_RETURNED, NETWORK_CREATED, NETWORK_REMOVED, Change, joined
from exporter.core.model.docker import Inventory, Network

AWAY = "no answer"


def network_changes(before: Inventory, after: Inventory) -> Iterator[Change]:
    """Yield the networks that only one of two inventories has."""
    if before.networks is after.networks:
        return
    for network_id, network in after.networks.items():
        if network_id not in before.networks:
            yield Change(NETWORK_CREATED, network.name, "", _written(network), network.created, network=network.name)
    for network_id, network in before.networks.items():
        if network_id not in after.networks:
            yield Change(NETWORK_REMOVED, network.name, _written(network), "", network=network.name)


def engine_changes(before: Inventory, after: Inventory) -> Iterator[Change]:
    """Yield that the engine stopped or began to answer."""
    if before.connected == after.connected:
        return
    engine = after.engine or before.engine
    version = engine.version if engine else ""
    subject = engine.name if engine else ""
    if after.connected:
        old = before.engine.version if before.engine else ""
        yield Change(ENGINE_RETURNED, subject, AWAY, version, detail=f"was {old}" if old not in ("", version) else "")
    else:
        yield Change(ENGINE_LOST, subject, version, AWAY)


def _written(network: Network) -> str:
    return joined([network.driver, *(subnet.subnet for subnet in network.subnets)])
