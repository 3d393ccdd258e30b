"""Whether the engine writes firewall rules: distinguishes flushed rules from rules that were never written."""

from dataclasses import dataclass

from exporter.core.model.docker import Inventory

OFF = "none"  # Engine.firewall_driver
FAILED_TO_WRITE = "iptables failed"  # State.Error of a container whose rules could not be written


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """dockerd's --iptables, from its command line and its configuration file."""

    iptables: bool = True


def writes_rules(inventory: Inventory, options: EngineOptions | None) -> bool | None:
    """Return whether the engine writes IPv4 rules; None where nothing proves either."""
    driver = inventory.engine.firewall_driver if inventory.engine else ""
    if driver:
        return driver != OFF
    if options is not None:
        return options.iptables
    details = (container.details for container in inventory.containers.values())
    if any(found is not None and FAILED_TO_WRITE in found.error for found in details):
        return True
    return None
