"""One host, as three engines write its rules: Docker 20.10, 28, and one with its own nftables tables.

Networks: bridge; front, of both families; back, internal; quiet, without ICC and without masquerade; open,
nat-unprotected. Containers: dns publishes udp/53; web publishes tcp/8080, tcp/8082 on 192.0.2.10 and tcp/8443 on the
loopback; bare publishes tcp/8083; db and mute publish nothing.
"""

from collections.abc import Iterable
from functools import cache
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from exporter.core.findings.finding import Finding, Severity
from exporter.core.model.container_details import Details, PortBinding
from exporter.core.model.docker import BridgeOptions, Container, Inventory, Member, Network, Subnet
from exporter.core.model.routes import Route
from exporter.core.model.sockets import DOCKER_PROXY, HostSockets, Listener, ListeningSocket, Owner
from exporter.core.nat.context import NatContext
from exporter.core.nat.drift import Subject
from exporter.core.nat.drift import drift as made
from exporter.core.nat.expected import Expected, expected
from exporter.core.nat.layout import IPTABLES, NATIVE, Layout
from exporter.core.nat.reading import NatReading
from exporter.core.nat.ruleset import FAMILIES, IP, IP6, Base, Place, Ruleset
from exporter.core.nat.walk.inside import inside_of
from exporter.core.topology.topology import Topology, join
from tests.support.builders import bridge, connect, device, devices, inventory, network, run, veth
from tests.support.kernel.captured_rules import captured
from tests.support.saved_rules import rule, ruleset

RULES = Path(__file__).with_name("nat_rules")
FORWARDING = {"ip": True, "ip6": True}
ADDRESSES = {
    "eth0": ("192.0.2.10", "2001:db8::10"),
    "docker0": ("172.17.0.1",),
    "br-front": ("172.18.0.1", "fd00:18::1"),
}
DEVICES = devices(
    device("eth0", 2),
    *(bridge(name, place) for place, name in enumerate(("docker0", "br-front", "br-back", "br-quiet", "br-open"), 3)),
    *(
        veth(f"veth-{name}", 10 + nsid, master=bridge, nsid=nsid, peer=7)
        for nsid, (name, bridge) in enumerate((("dns", 3), ("web", 4), ("db", 5), ("mute", 6), ("bare", 7)), 1)
    ),
    sandboxes={name: nsid for nsid, name in enumerate(("dns", "web", "db", "mute", "bare"), 1)},
    addresses=ADDRESSES,
    uplinks=("eth0",),
)
DEVICES = replace(
    DEVICES,
    routes=(
        Route(ip_network("0.0.0.0/0"), 2, "192.0.2.1"),
        Route(ip_network("192.0.2.0/24"), 2),
        Route(ip_network("2001:db8::/64"), 2),
    ),
)
UNPROTECTED = BridgeOptions(gateway_mode4="nat-unprotected")
NETWORKS = (
    network("bridge", bridge="docker0", subnet="172.17.0.0/16"),
    replace(
        network("front"),
        ipv6=True,
        subnets=(Subnet("172.18.0.0/16", "172.18.0.1"), Subnet("fd00:18::/64", "fd00:18::1")),
    ),
    network("back", subnet="172.19.0.0/16", internal=True),
    replace(network("quiet", subnet="172.20.0.0/16"), options=BridgeOptions(masquerade=False)),
    replace(network("open", subnet="172.21.0.0/16"), options=UNPROTECTED),
    network("host", driver="host"),
    network("none", driver="null"),
)


def published(container: Container, *specs: str) -> Container:
    """`docker run -p SPEC ...`: [HOST_IP:]HOST_PORT:CONTAINER_PORT[/PROTOCOL], for both families unless it says one."""
    made: list[PortBinding] = []
    for spec in specs:
        places, _, protocol = spec.partition("/")
        rest, _, inner = places.rpartition(":")
        address, _, outer = rest.rpartition(":")
        on = [address.strip("[]")] if address else ["0.0.0.0", "::"]
        made += [PortBinding(protocol or "tcp", int(inner), host_ip, int(outer), int(outer)) for host_ip in on]
    return replace(container, details=Details(bindings=tuple(made), published=tuple(made)))


WEB = published(
    connect(run("web", network="none"), "front", ip="172.18.0.2", ip6="fd00:18::2"),
    "8080:80",
    "192.0.2.10:8082:81",
    "127.0.0.1:8443:443",
)
DNS = published(run("dns", ip="172.17.0.2"), "53:53/udp")
BARE = published(run("bare", network="open", ip="172.21.0.2"), "8083:80")
DB = published(run("db", network="back", ip="172.19.0.2"))
MUTE = published(run("mute", network="quiet", ip="172.20.0.2"))
CONTAINERS = (DNS, WEB, DB, MUTE, BARE)


def host(*things: Container | Network, version: str = "28.5.2", connected: bool = True, **engine: Any) -> Inventory:
    """What an engine of this version says, its networks' members included."""
    found = inventory(*things, connected=connected)
    assert found.engine is not None
    return replace(found, engine=replace(found.engine, version=version, **engine), members=dict(_members(found)))


def _members(found: Inventory) -> Iterable[tuple[str, tuple[Member, ...]]]:
    for network_id in found.networks:
        yield (
            network_id,
            tuple(
                Member(c.id, c.name, e.endpoint_id, e.mac_address, e.ip_address, e.ip6_address)
                for c in found.containers.values()
                if c.live
                for e in c.endpoints
                if e.network_id == network_id
            ),
        )


class Host(Struct, frozen=True):
    """What Docker says, and the rules of its engine."""

    name: str
    inventory: Inventory
    rules: Ruleset
    layout: Layout

    def __str__(self) -> str:
        return self.name

    @property
    def families(self) -> frozenset[str]:
        """What the engine writes rules for."""
        return frozenset(
            family for family in FAMILIES if (family, self.layout.nat, self.layout.entry) in self.rules.chains
        )

    def entry(self, family: str = IP) -> Place:
        """The chain with a DNAT rule for each published port."""
        return self.layout.nat_place(family, self.layout.entry)

    def prerouting(self, family: str = IP) -> Place:
        """The base chain that leads to it."""
        return self.layout.nat_place(family, self.layout.prerouting)

    def forward(self, family: str = IP) -> Place:
        """The base chain of what is forwarded."""
        return family, self.layout.filter, self.layout.forward

    def with_rules(self, rules: Ruleset) -> "Host":
        """The same host with other rules."""
        return replace(self, rules=rules)

    def with_options(self, name: str, **options: Any) -> "Host":
        """The same host whose network was created with other options."""
        known = next(one for one in self.inventory.networks.values() if one.name == name)
        return self.with_inventory(replace(known, options=replace(known.options, **options)))

    def with_inventory(self, *things: Container | Network) -> "Host":
        """The same host with more containers and networks, or others of the same names."""
        assert self.inventory.engine is not None
        known: list[Container | Network] = [*self.inventory.networks.values(), *self.inventory.containers.values()]
        kept = [thing for thing in known if thing.id not in {new.id for new in things}]
        return replace(self, inventory=host(*kept, *things, version=self.inventory.engine.version))

    def without(self, place: Place, *texts: str) -> "Host":
        """Delete each rule of a chain that says all that one of the texts says; all of the chain without texts."""
        kept = tuple(found for found in self.rules.chains[place] if not any(_says(found, text) for text in texts))
        left = kept if texts else ()
        assert len(left) < len(self.rules.chains[place]), f"no such rule in {place}"
        return self.with_rules(replace(self.rules, chains={**self.rules.chains, place: left}))

    def inserted(self, place: Place, text: str, at: int = 0) -> "Host":
        """`iptables -I CHAIN` (or, `at` the end, -A): the rule as iptables takes it."""
        rules = list(self.rules.chains.get(place, ()))
        chains = {chain for family, table, chain in self.rules.chains if (family, table) == place[:2]}
        rules.insert(at if at >= 0 else len(rules), rule(place, text, chains))
        return self.with_rules(replace(self.rules, chains={**self.rules.chains, place: tuple(rules)}))

    def without_chain(self, *places: Place) -> "Host":
        """`iptables -X CHAIN`, or a base chain that was never made."""
        return self.with_rules(
            replace(
                self.rules,
                chains={place: rules for place, rules in self.rules.chains.items() if place not in places},
                bases={place: base for place, base in self.rules.bases.items() if place not in places},
            )
        )

    def without_element(self, place: Place, device: str) -> "Host":
        """`nft delete element`, of a map that leads to chains."""
        left = {name: chain for name, chain in self.rules.maps[place].items() if name != device}
        return self.with_rules(replace(self.rules, maps={**self.rules.maps, place: left}))

    def without_things(self, *gone: Container | Network) -> "Host":
        """Containers and networks that Docker does not know."""
        ids = {thing.id for thing in gone}
        kept: list[Container | Network] = [*self.inventory.networks.values(), *self.inventory.containers.values()]
        return replace(self, inventory=host(*(thing for thing in kept if thing.id not in ids)))

    def with_policy(self, place: Place, policy: str) -> "Host":
        """`iptables -P CHAIN POLICY`."""
        base = replace(self.rules.bases[place], policy=policy)
        return self.with_rules(replace(self.rules, bases={**self.rules.bases, place: base}))

    def with_table(self, place: Place, base: Base, *lines: str) -> "Host":
        """A base chain of somebody else's."""
        rules = replace(
            self.rules,
            chains={**self.rules.chains, place: tuple(rule(place, line) for line in lines)},
            bases={**self.rules.bases, place: base},
        )
        return self.with_rules(rules)

    def expected(self) -> Expected:
        """What must be there."""
        return expected(self.inventory, inside_of(self.inventory.networks.values(), DEVICES))

    def reading(self, **told: Any) -> NatReading:
        """The rules as read."""
        return NatReading(nft=self.rules, **{"forwarding": FORWARDING, **told})

    def topology(self) -> Topology:
        """The host as a whole."""
        return join(self.inventory, DEVICES)

    def scene(self, proxied: Iterable[tuple[str, int]] = (), **told: Any) -> NatContext:
        """What is judged; `families` are those of the rules unless told."""
        reading = told.pop("reading", None) or self.reading(forwarding=told.pop("forwarding", FORWARDING))
        families = told.pop("families", self.families)
        return NatContext(self.expected(), reading, families, frozenset(proxied), **told)


def _says(found: Any, text: str) -> bool:
    """Whether a rule holds what a text such as `--dport 8080 -j DNAT` says."""
    wanted = rule(found.place, text)
    return set(wanted.conditions) <= set(found.conditions) and wanted.target in ("", found.target, found.to)


@cache
def hosts() -> tuple[Host, ...]:
    """The host on each kind of engine."""
    old = ruleset((RULES / "docker-20.10.v4").read_text())
    new = ruleset((RULES / "docker-28.v4").read_text(), (RULES / "docker-28.v6").read_text())
    native = captured("native").generation().ruleset
    return (
        Host("20.10", host(*NETWORKS, *CONTAINERS, version="20.10.24"), old, IPTABLES),
        Host("28", host(*NETWORKS, *CONTAINERS), new, IPTABLES),
        Host("native", host(*NETWORKS, *CONTAINERS, version="29.1.0"), native, NATIVE),
    )


OLD, NEW, OWN_TABLES = hosts()
BOTH_FAMILIES = (NEW, OWN_TABLES)
ALL_PORTS = (("tcp", 8080), ("tcp", 8082), ("tcp", 8443), ("tcp", 8083), ("udp", 53))


def subject(**told: str) -> Subject:
    """What a drift is about, of IPv4 unless told."""
    return Subject(**{"family": IP, **told})


def port(chain: str, host_port: int = 8080, **told: str) -> Subject:
    """A published port of web."""
    known = {"network": "front", "container": "web", "protocol": "tcp"}
    address = {IP: "0.0.0.0", IP6: "::"}[told.get("family", IP)]
    return subject(**{"chain": chain, **known, "host_address": address, "host_port": str(host_port), **told})


def about(found: Finding) -> Subject:
    """What a drift is about, by its labels."""
    return Subject(**found.labels)


def drift(kind: str, severity: Severity, subject: Subject, detail: str) -> Finding:
    """One finding."""
    return made(kind, severity, subject, detail)


def proxies(*ports: tuple[str, int]) -> HostSockets:
    """docker-proxies that hold these ports."""
    return HostSockets(
        tuple(
            Listener(ListeningSocket(protocol, "0.0.0.0", number), Owner(DOCKER_PROXY, "web"))
            for protocol, number in ports
        )
    )
