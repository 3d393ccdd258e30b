"""Whether the engine writes firewall rules: distinguishes flushed rules from rules that were never written."""

from msgspec import Struct

from exporter.core.model.docker import Inventory
from exporter.core.nat.expected import engine_major
from exporter.core.nat.ruleset import IP

OFF = "none"  # Engine.firewall_driver
DRIVER_PROVES_BELOW = 29  # from this version on /info names a driver even where both families are switched off
FAILED_TO_WRITE = "iptables failed"  # State.Error of a container whose rules could not be written


class EngineOptions(Struct, frozen=True):
    """dockerd's --iptables and --ip6tables, from its command line and its configuration file."""

    iptables: bool = True
    ip6tables: bool = True


def writes_rules(inventory: Inventory, options: EngineOptions | None, family: str = IP) -> bool | None:
    """Return whether the engine writes rules of a family; None where nothing proves either."""
    driver = inventory.engine.firewall_driver if inventory.engine else ""
    if driver == OFF:
        return False
    if options is not None:
        return options.iptables if family == IP else options.ip6tables
    if family != IP:
        return None
    if driver and engine_major(inventory) < DRIVER_PROVES_BELOW:
        return True
    details = (container.details for container in inventory.containers.values())
    if any(found is not None and FAILED_TO_WRITE in found.error for found in details):
        return True
    return None
