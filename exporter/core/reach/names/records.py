"""What the engine's DNS server answers to a container, from the inspects of the containers.

It looks the name up in the client's networks one by one; the answer is that of the first network which has the name
(20.10 to 29.7). The order is libnetwork's Endpoint.Less: priority, not internal before internal, both families before
one, then the network's name.
"""

import re
from collections.abc import Iterator

from msgspec import Struct

from exporter.core.model.container_details import Details, EndpointNames
from exporter.core.model.docker import Container, Endpoint, Network
from exporter.core.reach.context import DEFAULT_NETWORK, HOST_MODE, NO_MODE, ReachContext
from exporter.core.reach.names.spelling import is_compared

SHORT_ID = 12
PREDEFINED = (DEFAULT_NETWORK, HOST_MODE, NO_MODE)
# Names that engines before 25.0 gave by themselves, and do not resolve (pkg/namesgenerator).
_GENERATED = re.compile(r"[a-z]+_[a-z]+[0-9]?")


class Records(Struct, frozen=True):
    """The answer: addresses of `network` in both families, of one container or of several with the same alias."""

    network: str = ""
    addresses: tuple[str, ...] = ()


def ordered_networks(context: ReachContext, container: Container) -> list[tuple[Network, Endpoint]]:
    """Return a container's networks in the order of name lookups; the first has the default route."""
    home = context.home(container)
    ranks = {one.network_id: one for one in (home.details or Details()).endpoints}
    pairs = [(context.networks[e.network_id], e) for e in home.endpoints if e.network_id in context.networks]
    return sorted(pairs, key=lambda pair: _rank(pair[0], pair[1], ranks.get(pair[0].id)))


def _rank(network: Network, endpoint: Endpoint, names: EndpointNames | None) -> tuple[int, bool, int, str]:
    gateways = bool(endpoint.gateway) + bool(names and names.gateway6)
    return -(names.priority if names else 0), network.internal, -gateways, network.name


def is_user_defined(network: Network) -> bool:
    """Whether containers on the network get the engine's DNS server."""
    return network.name not in PREDEFINED


def look_up(context: ReachContext, container: Container, text: str) -> Records:
    """Return the records of the first network that has a name; no addresses where none has it."""
    name = text.removesuffix(".")
    if not is_compared(name):
        return Records()
    for network, _ in ordered_networks(context, container):
        if not is_user_defined(network):
            continue
        found = tuple(dict.fromkeys(_addresses(context, container, network, name)))
        if found:
            return Records(network.name, found)
    return Records()


def _addresses(context: ReachContext, client: Container, network: Network, name: str) -> Iterator[str]:
    """The addresses of one network's containers by a name, or by NAME.NETWORK; that ending is case-sensitive."""
    bare = name.removesuffix(f".{network.name}").lower()
    linked = _links(context.home(client), network)
    for other in context.members(network):
        if bare in names_on(other, network) or other.name == linked.get(bare):
            endpoint = next(e for e in other.endpoints if e.network_id == network.id)
            yield from (address for address in (endpoint.ip_address, endpoint.ip6_address) if address)


def names_on(container: Container, network: Network) -> frozenset[str]:
    """Return all names of a container on a network, in small letters."""
    details = container.details or Details()
    known = next((one for one in details.endpoints if one.network_id == network.id), EndpointNames(network.id))
    names = known.names or (container.name, details.hostname, container.id[:SHORT_ID], *known.aliases)
    return frozenset(name.lower() for name in names if name)


def _links(container: Container, network: Network) -> dict[str, str]:
    """Alias -> container, of the links that this container alone has (`--link server:db`)."""
    details = container.details or Details()
    links = [link for one in details.endpoints if one.network_id == network.id for link in one.links]
    return {
        alias.lower(): name.removeprefix("/") for name, _, alias in (link.partition(":") for link in links) if alias
    }


def is_generated(container: Container, text: str) -> bool:
    """Whether the name may be one that an engine before 25.0 gave, and does not resolve."""
    known = (container.details or Details()).endpoints
    if any(one.names or text in one.aliases for one in known):
        return False
    return text == container.name and _GENERATED.fullmatch(text) is not None
