"""Containers that did not start because a host port was not available, and the holders of the ports."""

from collections.abc import Iterator

from msgspec import Struct

from exporter.core.findings.finding import CRITICAL, INFO, WARNING, Severity
from exporter.core.model.container_details import PortBinding
from exporter.core.model.docker import Container
from exporter.core.model.sockets import Owner
from exporter.core.ports.context import PortContext
from exporter.core.ports.listen_address import UNKNOWN_OWNER, ListenAddress
from exporter.core.ports.outgoing_connections import outgoing
from exporter.core.ports.start_error import StartError, parse_start_error, possible_places

NO_RESTARTS = ("", "no")
MAX_NAMED = 5  # places in a sentence


class FailedStart(Struct, frozen=True):
    """A container that is down; `holder` is UNKNOWN_OWNER when no visible one has the port now.

    `candidates` are the places that the engine's text may mean. `place` is the one that it means, without a port while
    there are several and none of them is known to be held.
    """

    container: Container
    reason: str
    place: ListenAddress
    holder: Owner
    candidates: tuple[ListenAddress, ...]

    @property
    def named(self) -> str:
        """The place, or the candidates, within a sentence."""
        if self.place in self.candidates:
            return str(self.place)
        others = len(self.candidates) - MAX_NAMED
        named = ", ".join(map(str, self.candidates[:MAX_NAMED]))
        return f"one of {named}{f' and {others} others' if others > 0 else ''}"


def failed_starts(context: PortContext) -> Iterator[FailedStart]:
    """Yield them. The engine keeps the error until the next start that succeeds, and never tries again by itself."""
    for container in context.containers(live=False):
        details = container.details
        error = parse_start_error(details.error) if details else None
        if details is not None and error is not None:
            yield _explained(context, container, error, details.bindings)


def _explained(
    context: PortContext, container: Container, error: StartError, bindings: tuple[PortBinding, ...]
) -> FailedStart:
    places = tuple(dict.fromkeys(possible_places(error, bindings)))
    for place in places:
        if others := context.others(place, container):
            return FailedStart(container, error.reason, place, others[0].owner, places)
    for place in places:
        if (connection := outgoing(context, place)) is not None:
            return FailedStart(container, error.reason, place, connection, places)
    place = places[0] if len(places) == 1 else ListenAddress(_common_protocol(places), "", 0)
    return FailedStart(container, error.reason, place, UNKNOWN_OWNER, places)


def _common_protocol(places: tuple[ListenAddress, ...]) -> str:
    protocols = {place.protocol for place in places}
    return protocols.pop() if len(protocols) == 1 else ""


def failed_start_severity(container: Container) -> Severity:
    """A container that never ran, did not wait and has no restart policy is what a failed `docker run` leaves."""
    if restarts(container):
        return CRITICAL
    waited = container.details is not None and container.details.waited
    return INFO if container.state == "created" and not waited else WARNING


def restarts(container: Container) -> bool:
    """Whether it has a restart policy."""
    return container.details is not None and container.details.restart_policy not in NO_RESTARTS
