"""Networks made and removed; the engine lost and returned."""

from collections.abc import Iterator

from exporter.core.history.change import ENGINE_LOST, ENGINE_RETURNED, NETWORK_CREATED, NETWORK_REMOVED, Change, joined
from exporter.core.model.docker import Inventory, Network

AWAY = "no answer"


def network_changes(before: Inventory, after: Inventory) -> Iterator[Change]:
    """Yield the networks that only one of two inventories has.

    One that is made again as it was is not among them: the default bridge is, at each start of the engine.
    """
    if before.networks is after.networks:
        return
    old = {(n.name, _written(n)): n for n in before.networks.values() if n.id not in after.networks}
    new = {(n.name, _written(n)): n for n in after.networks.values() if n.id not in before.networks}
    for name, written in [key for key in new if key not in old]:
        created = new[name, written].created
        yield Change(NETWORK_CREATED, name, "", written, created, network=name)
    for name, written in [key for key in old if key not in new]:
        yield Change(NETWORK_REMOVED, name, written, "", network=name)


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
