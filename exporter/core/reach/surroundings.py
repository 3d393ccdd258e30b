"""What `explain CONTAINER` says of its networks: addresses, gateways and names, its name servers, and the way out."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, to_builtins

from exporter.core.explain.path import OK, Step
from exporter.core.model.container_details import Details
from exporter.core.model.docker import Container
from exporter.core.observation import Observation
from exporter.core.reach.answer import AMBIGUOUS, ReachAnswer, ReachPath
from exporter.core.reach.context import ReachContext
from exporter.core.reach.names.files import parse_resolv_conf
from exporter.core.reach.names.records import is_user_defined, names_on, ordered_networks
from exporter.core.reach.question import INTERNET, Question
from exporter.core.reach.reach import reach
from exporter.core.reach.view import FILES, Visit


class NetworkPlace(Struct, frozen=True):
    """A container's endpoint. `names` are those that the engine's DNS server has of it, none on the default network."""

    network: str
    addresses: tuple[str, ...]
    gateways: tuple[str, ...]
    names: tuple[str, ...]


class Surroundings(Struct, frozen=True):
    """The networks in the engine's order, the first of which has the default route.

    `servers` are those of /etc/resolv.conf, None where it could not be read. `outside` is the verdict about the way to
    the internet, `fault` the sentence of its first step that is not ok.
    """

    networks: tuple[NetworkPlace, ...]
    servers: tuple[str, ...] | None
    outside: str
    fault: str = ""


def surroundings(observation: Observation, container: Container, visit: Visit) -> Surroundings:
    """Describe a live container's networks."""
    context = ReachContext(observation, visit)
    view = context.visited(container).view
    answer = reach(observation, Question(container.id, INTERNET), visit)
    faults = [_fault(answer, path, step) for path in answer.paths for step in path.steps if step.state != OK]
    servers = None if view.missing(FILES) else parse_resolv_conf(view.resolv_conf or "").servers
    return Surroundings(tuple(_places(context, container)), servers, answer.verdict, next(iter(faults), ""))


def _fault(answer: ReachAnswer, path: ReachPath, step: Step) -> str:
    """The sentence, with the IP version where the other one is reachable."""
    version = "IPv6" if ":" in path.target.address else "IPv4"
    return f"over {version}: {step.detail}" if answer.verdict == AMBIGUOUS else step.detail


def _places(context: ReachContext, container: Container) -> list[NetworkPlace]:
    home = context.home(container)
    gateways6 = {one.network_id: one.gateway6 for one in (home.details or Details()).endpoints}
    return [
        NetworkPlace(
            network.name,
            tuple(filter(None, (endpoint.ip_address, endpoint.ip6_address))),
            tuple(filter(None, (endpoint.gateway, gateways6.get(network.id, "")))),
            tuple(sorted(names_on(home, network))) if is_user_defined(network) else (),
        )
        for network, endpoint in ordered_networks(context, container)
    ]


def document(found: Surroundings) -> dict[str, Any]:
    """Return the JSON form."""
    return dict(to_builtins(found))


def parse(found: Mapping[str, Any]) -> Surroundings:
    """Parse that document. Raises KeyError, TypeError or ValueError for anything else."""
    keys = ("addresses", "gateways", "names")
    places = (
        NetworkPlace(str(one["network"]), *(tuple(map(str, one[key])) for key in keys)) for one in found["networks"]
    )
    servers = None if found["servers"] is None else tuple(map(str, found["servers"]))
    return Surroundings(tuple(places), servers, str(found["outside"]), str(found["fault"]))
