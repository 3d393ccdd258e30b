"""Whole hosts with one fault each, or none: all rules evaluated, what `explain` and `check` are made of."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain

from msgspec.structs import replace

from exporter.core.findings.evaluator import Evaluation
from exporter.core.findings.finding import Finding
from exporter.core.model.docker import Container, Link
from exporter.core.model.fib import FibReading, RouteResult
from exporter.core.model.sockets import HostSockets, Listener
from exporter.core.nat.reading import BRIDGE_FILTER
from exporter.core.nat.redirects import redirects
from exporter.core.nat.rules import NAT_RULES
from exporter.core.nat.view import NatView
from exporter.core.network.context import network_context
from exporter.core.network.result import NetworkResult
from exporter.core.network.rules import NETWORK_RULES
from exporter.core.observation import Observation
from exporter.core.ports.context import PortReadings, port_context
from exporter.core.ports.result import PortResult
from exporter.core.ports.rules import PORT_RULES
from exporter.core.topology.overlay import NO_OVERLAYS
from exporter.core.topology.route_queries import container_routes
from exporter.core.topology.topology import Topology, join
from tests.support.builders import observed, run, stop
from tests.support.nat_hosts import FORWARDING, NEW, OLD, OWN_TABLES, WEB, Host
from tests.support.port_hosts import LOCAL_PORTS, NOW, binding, container, details, process, proxy, socket
from tests.support.scenes import fib

HELD = (*proxy("web", 8080, 8082, 8443), *proxy("dns", 53, protocol="udp"), *proxy("bare", 8083))
INSIDE = {
    "web": ("0.0.0.0:80", "[::]:80", "0.0.0.0:81", "0.0.0.0:443"),
    "dns": ("0.0.0.0:53/udp",),
    "bare": ("0.0.0.0:80",),
}
HOSTS = (OLD, NEW, OWN_TABLES)
DNAT_RULE = "-p tcp --dport 8080 -j DNAT"


@dataclass(frozen=True)
class Planted:
    """A host by its name; `links` are changed devices, `away` leads every route to the uplink."""

    name: str
    host: Host
    listeners: tuple[Listener, ...] = HELD
    inside: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: INSIDE)
    links: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    forwarding: Mapping[str, bool] = field(default_factory=lambda: FORWARDING)
    away: bool = False

    def __str__(self) -> str:
        return f"{self.name}, {self.host}"

    def observation(self) -> Observation:
        """Evaluate every rule on this moment, as if each condition had lasted."""
        topology = self._topology()
        reading = self.host.reading(forwarding=self.forwarding)
        expected = self.host.expected()
        found = tuple(redirects(self.host.rules, expected))
        sockets = HostSockets(self.listeners, local_ports=LOCAL_PORTS)
        inside = {f"{name}-id": tuple(map(socket, listeners)) for name, listeners in self.inside.items()}
        readings = PortReadings(sockets, inside, found, reserved=())
        lookups = container_routes(topology)
        results = fib(lookups)
        if self.away:
            results = FibReading({query: RouteResult("unicast", 2) for query in results.results})
        network = network_context(topology, NO_OVERLAYS, lookups, results)
        proxied = {(one.socket.protocol, one.socket.port) for one in self.listeners if one in HELD}
        nat = self.host.scene(proxied, reading=reading, families=expected.families)
        port = port_context(topology, readings, NOW)
        return replace(
            observed(topology),
            sockets=sockets,
            inside=inside,
            nat=NatView(
                reading=reading,
                expected=expected,
                redirects=found,
                evaluation=_evaluation(chain.from_iterable(rule.check(nat) for rule in NAT_RULES)),
            ),
            ports=PortResult(_evaluation(chain.from_iterable(rule.check(port) for rule in PORT_RULES))),
            network=NetworkResult(
                _evaluation(chain.from_iterable(rule.check(network) for rule in NETWORK_RULES)), context=network
            ),
        )

    def _topology(self) -> Topology:
        topology = self.host.topology()
        links: dict[int, Link] = {
            ifindex: replace(link, **self.links.get(link.name, {}))
            for ifindex, link in topology.devices.links.items()
            if self.links.get(link.name, {}) is not None
        }
        return join(self.host.inventory, replace(topology.devices, links=links))


def _evaluation(findings: Iterable[Finding]) -> Evaluation:
    return Evaluation(findings=tuple(findings))


def planted() -> list[Planted]:
    """Every host."""
    return [one for host in HOSTS for one in (*_rules(host), *_ports(host), *_devices(host))]


def _rules(host: Host) -> Iterable[Planted]:
    entry, prerouting, forward = host.entry(), host.prerouting(), host.forward()
    postrouting = ("ip", host.layout.nat, host.layout.postrouting)
    yield Planted("nothing wrong", host)
    yield Planted("no DNAT rule", host.without(entry, "-p tcp --dport 8080"))
    yield Planted("no DNAT rule, and no proxy", host.without(entry, "-p tcp --dport 8080"), proxy("web", 8082, 8443))
    yield Planted("DNAT to another container", host.inserted(entry, f"{DNAT_RULE} --to-destination 172.17.0.2:53"))
    yield Planted("DNAT to nobody", host.inserted(entry, f"{DNAT_RULE} --to-destination 10.42.0.8:80"))
    yield Planted("DNAT before Docker's", host.inserted(prerouting, f"{DNAT_RULE} --to-destination 10.42.0.8:80"))
    yield Planted(
        "DNAT of a removed container", host.inserted(entry, "-p tcp --dport 9999 -j DNAT --to-destination 10.42.0.9:1")
    )
    yield Planted("no jump", host.without(prerouting))
    yield Planted("no chain", host.without_chain(entry))
    yield Planted("an early end", host.inserted(prerouting, "-j ACCEPT"))
    yield Planted("a drop", host.inserted(forward, "-j DROP"))
    yield Planted("a drop of one port", host.inserted(forward, "-p tcp -d 172.18.0.2 --dport 80 -j DROP"))
    yield Planted("a reject of a network's way out", host.inserted(forward, "-i br-front -j REJECT"))
    yield Planted("a drop by a limit", host.inserted(forward, "-m limit --limit 1/sec -j DROP"))
    yield Planted("no masquerade", host.without(postrouting))
    yield Planted("no forwarding", host, forwarding={"ip": False, "ip6": True})
    yield Planted("no forwarding of a device", host, forwarding={**FORWARDING, "eth0": False})
    yield Planted("bridged packets filtered", host.inserted(forward, "-j DROP"), forwarding=_bridged())
    if ("ip", host.layout.filter, "DOCKER-USER") in host.rules.chains:
        user = ("ip", host.layout.filter, "DOCKER-USER")
        yield Planted("closed on purpose", host.inserted(user, "-p tcp -d 172.18.0.2 --dport 80 -j DROP"))


def _bridged() -> Mapping[str, bool]:
    return {**FORWARDING, BRIDGE_FILTER: True}


def _ports(host: Host) -> Iterable[Planted]:
    def inside(*listeners: str) -> Mapping[str, tuple[str, ...]]:
        return {**INSIDE, "web": listeners}

    others = tuple(one for one in HELD if one.socket.port != 8080)
    yield Planted("port held by a process", host, (*others, *process("nginx", "0.0.0.0:8080", "[::]:8080")))
    yield Planted("port held by nobody", host, others)
    yield Planted("nothing listens", host, inside=inside())
    yield Planted("another port is served", host, inside=inside("0.0.0.0:8000"))
    yield Planted("on the loopback alone", host, inside=inside("127.0.0.1:80", "0.0.0.0:81", "0.0.0.0:443"))
    yield Planted("the other protocol", host, inside=inside("0.0.0.0:80/udp", "0.0.0.0:81", "0.0.0.0:443"))
    yield Planted("on another address", host, inside=inside("10.9.9.9:80", "0.0.0.0:81", "0.0.0.0:443"))
    yield Planted("paused", host.with_inventory(replace(WEB, state="paused")))
    yield Planted("stopped", host.with_inventory(_down(WEB)), (*proxy("dns", 53, protocol="udp"), *proxy("bare", 8083)))
    yield Planted("stopped, port taken", host.with_inventory(_down(WEB)), (*others, *process("nginx", "0.0.0.0:8080")))
    failed = details(_down(WEB), error="driver failed: Bind for 0.0.0.0:8080 failed: port is already allocated")
    taken = (*others, *process("nginx", "0.0.0.0:8080"))
    yield Planted("failed start", host.with_inventory(details(failed, restart_policy="always", exit_code=128)), taken)
    top = details(run("top", network="host"), bindings=(binding("7000:80"),))
    yield Planted("host mode that publishes", host.with_inventory(top))
    yield Planted("host mode that serves it", host.with_inventory(top), (*HELD, *container("top", "0.0.0.0:7000")))
    agents = tuple(run(name, network="host") for name in ("one", "two"))
    shared = (*HELD, *container("one", "0.0.0.0:7100"), *container("two", "0.0.0.0:7100"))
    yield Planted("two in host mode on one port", host.with_inventory(*agents), shared)


def _down(known: Container) -> Container:
    return details(replace(stop(known), endpoints=()), published=(), exit_code=3)


def _devices(host: Host) -> Iterable[Planted]:
    yield Planted("bridge down", host, links={"br-front": {"up": False}})
    yield Planted("veth without carrier", host, links={"veth-web": {"carrier": False}})
    yield Planted("veth off its bridge", host, links={"veth-web": {"master_ifindex": 0}})
    yield Planted("veth on another bridge", host, links={"veth-web": {"master_ifindex": 3}})
    yield Planted("routes elsewhere", host, away=True)
