"""What a container in a network namespace that others use too could not bind.

A bind refused by the kernel is certain. A log line is a hint: it counts for a container that failed, and for a port
that another owner holds.
"""

from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from exporter.core.findings.finding import CONFIRMED, PROBABLE, SUSPECTED, Confidence
from exporter.core.model.docker import Container
from exporter.core.model.sockets import PortKey
from exporter.core.ports.container_failures import failed, recently_started
from exporter.core.ports.context import READ_PROTOCOLS, PortContext, is_own
from exporter.core.ports.listen_address import ListenAddress

Held = Callable[[ListenAddress], bool]


class Claim(Struct, frozen=True):
    """An address that a container failed to bind, with the confidence; the address is '' where it is not known."""

    place: ListenAddress
    confidence: Confidence


def claims(context: PortContext, container: Container, held: Held) -> list[Claim]:
    """Return the failed binds of addresses that are `held` by another owner, each port once."""
    found = {claim.place.port_key: claim for claim in _refused(context, container, held)}
    for claim in _logged(context, container, held):
        found.setdefault(claim.place.port_key, claim)
    return list(found.values())


def _refused(context: PortContext, container: Container, held: Held) -> Iterator[Claim]:
    """Binds refused by the kernel. A running container that listens may have used another port instead."""
    refused = context.readings.refused.get(container.id, {})
    listens = bool(refused) and container.live and _listens(context, container)
    for place, refusal in refused.items():
        if held(place):
            yield Claim(place, SUSPECTED if listens and not refusal.retrying else CONFIRMED)


def _listens(context: PortContext, container: Container) -> bool:
    return any(is_own(listener.owner, container) for found in context.listeners.values() for listener in found)


def _logged(context: PortContext, container: Container, held: Held) -> list[Claim]:
    """By its log: the ports that it names; else those declared or held before; else numbers in its arguments."""
    details = container.details
    if details is None or details.log is None or not details.log.lines:
        return []
    if not (failed(container) or (recently_started(container, context.now) and not _listens(context, container))):
        return []
    known = frozenset(details.exposed) | context.held_before.get(container.name, frozenset())
    named = [place for number in details.log.ports if (place := _held_place(number, known, held))]
    if named:
        return [Claim(place, PROBABLE if place.port_key in known else SUSPECTED) for place in named]
    declared = [Claim(place, PROBABLE) for place in sorted(map(_anywhere, known)) if held(place)]
    guessed = (_held_place(number, known, held) for number in _numbers(details.arguments))
    return declared or [Claim(place, SUSPECTED) for place in guessed if place]


def _held_place(number: int, known: Iterable[PortKey], held: Held) -> ListenAddress | None:
    """Return the port of this number, of a protocol that is declared if one is, else of one that is held."""
    declared = [port for port in known if port[1] == number]
    candidates = declared or [(protocol, number) for protocol in READ_PROTOCOLS]
    return next((place for place in map(_anywhere, candidates) if held(place)), None)


def _anywhere(port: PortKey) -> ListenAddress:
    return ListenAddress(port[0], "", port[1])


def _numbers(arguments: Iterable[str]) -> Iterator[int]:
    """Yield what could be a port: 8080, --port=8080, 0.0.0.0:8080."""
    for argument in arguments:
        number = argument.rpartition("=")[2].rpartition(":")[2]
        if number.isdecimal() and 0 < int(number) < 1 << 16:
            yield int(number)
