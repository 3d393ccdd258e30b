"""One packet's way as it is followed: what is known of it so far."""

from collections.abc import Iterator

from msgspec import Struct

from exporter.core.explain.path import Step
from exporter.core.model.docker import Container, Network
from exporter.core.model.fib import RouteResult
from exporter.core.nat.address_numbers import number_of
from exporter.core.nat.packet import Packet
from exporter.core.nat.walk.outcome import Outcome
from exporter.core.reach.context import ReachContext
from exporter.core.reach.namespace_rules import family_name
from exporter.core.reach.path.link_step import host_end
from exporter.core.reach.view import Device, NamespaceView, Visited

Steps = Iterator[Step]


class Flow(Struct, frozen=True):
    """A connection as one namespace sees it: addresses, and the port that is connected to.

    `masqueraded`: the source is an address of the host in place of that of the client, to which answers are forwarded.
    """

    source: str
    destination: str
    protocol: str
    port: int
    masqueraded: bool = False

    @property
    def family(self) -> str:
        """The family of netfilter's tables."""
        return family_name(self.destination)

    def packet(self, *, iif: str = "", oif: str = "", to_host: bool = False, from_host: bool = False) -> Packet:
        """The first packet; the source port, and the other one where the question is about none, is any dynamic one."""
        return Packet(
            iif=iif,
            oif=oif,
            src=number_of(self.source) if self.source else None,
            dst=number_of(self.destination),
            protocol=self.protocol,
            dport=self.port or None,
            to_host=to_host,
            from_host=from_host,
            family=self.family,
        )


class Trip(Struct, frozen=True):
    """A packet that leaves `client` by `device`, whose network is `network`, None where it is none of Docker's.

    `port` of the flow is 0 where the question is about no port. `bridge` is the host's device behind it, once known.
    """

    context: ReachContext
    client: Container
    here: Visited
    flow: Flow
    route: RouteResult
    device: Device
    network: Network | None

    @property
    def view(self) -> NamespaceView:
        """The client's namespace."""
        return self.here.view

    @property
    def network_name(self) -> str:
        """The name of the network, '' where it is none of Docker's."""
        return self.network.name if self.network else ""

    def port_names(self) -> list[str]:
        """Return the name of the host's end of the device; nothing where it has none."""
        end = host_end(self.context, self.context.home(self.client), self.device)
        return [end.link.name] if end else []


def translated(flow: Flow, outcome: Outcome, device: Device) -> Flow:
    """Return the flow behind a translation of its destination; REDIRECT takes an address of the incoming device."""
    by = outcome.translations[-1]
    same = (address for address in device.addresses if (":" in address) == (":" in flow.destination))
    own = next(same, flow.destination) if by.effect == "REDIRECT" else flow.destination
    return Flow(flow.source, by.address or own, flow.protocol, outcome.packet.dport or flow.port)
