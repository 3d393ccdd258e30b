"""A container did not start for a networking reason other than a host port, as State.Error says.

Guard: the engine clears State.Error at the next start that succeeds. A container that never ran, has no restart policy
and was started at once is what a failed `docker run` leaves behind: info.
"""

from collections.abc import Iterator

from exporter.core.findings.finding import Finding
from exporter.core.model.docker import Container
from exporter.core.network.context import NetworkContext, finding
from exporter.core.network.start_failure import ADDRESS_TAKEN, StartFailure, parse_start_failure
from exporter.core.ports.failed_starts import failed_start_severity
from exporter.core.ports.start_error import parse_start_error
from exporter.core.topology.address_use import parse_address

KIND = "start_blocked"


def check(context: NetworkContext) -> Iterator[Finding]:
    """Read the error of each container that is down."""
    for container in context.topology.inventory.containers.values():
        details = container.details
        if container.live or details is None or not details.error or parse_start_error(details.error):
            continue
        failure = parse_start_failure(details.error, joins_container=bool(container.network_owner))
        if failure is not None:
            detail = f"{container.name} did not start: {failure.text}{_holder(context, container, failure)}"
            yield finding(KIND, failed_start_severity(container), "", container.name, detail, key=container.id)


def _holder(context: NetworkContext, container: Container, failure: StartFailure) -> str:
    """Name who has the static address that was taken."""
    if failure.reason != ADDRESS_TAKEN:
        return ""
    chosen = {(network, parse_address(address)) for network, address in container.static_addresses}
    for other in context.topology.inventory.containers.values():
        for endpoint in other.endpoints if other.live and other.id != container.id else ():
            for address in filter(None, (endpoint.ip_address, endpoint.ip6_address)):
                if (endpoint.network, parse_address(address)) in chosen:
                    return f": container {other.name} has {address} on network {endpoint.network}"
    return ""
