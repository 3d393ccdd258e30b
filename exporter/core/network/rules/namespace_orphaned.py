"""A container shares the network namespace of another one that ended since: it runs on in a namespace without devices.

Guard: both inodes were read, or the owner is not running; an owner that starts or restarts is what the hold is for.
"""

from collections.abc import Iterator

from exporter.core.findings.finding import CRITICAL, Finding
from exporter.core.network.context import NetworkContext, finding

KIND = "namespace_orphaned"
SHORT_ID = 12


def check(context: NetworkContext) -> Iterator[Finding]:
    """Compare each sharer's namespace with that of its owner."""
    containers = context.topology.inventory.containers
    for container in containers.values():
        if not container.live or not container.network_owner:
            continue
        owner = containers.get(container.network_owner)
        own = context.netns.get(container.id)
        if owner is None:
            fault = f"container {container.network_owner[:SHORT_ID]}, whose network namespace it shares, was removed"
        elif not owner.live:
            fault = f"container {owner.name}, whose network namespace it shares, is {owner.state}"
        elif own and (current := context.netns.get(owner.id)) and own != current:
            fault = f"container {owner.name}, whose network namespace it shares, was restarted and has another one"
        else:
            continue
        detail = f"{container.name} has no network: {fault}; restart or recreate {container.name}"
        yield finding(KIND, CRITICAL, "", container.name, detail, key=container.id)
