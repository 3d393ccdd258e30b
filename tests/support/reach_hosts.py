"""The host of one question of `explain A B`, as one of nat_hosts writes its rules; a test says only what spoils it.

In addition to those of nat_hosts: client, a second container on front. Its server is web, which listens on tcp/80.
Namespaces are named by their container, the host's by HOST.
"""

import errno
from collections.abc import Callable, Iterator
from dataclasses import replace
from ipaddress import ip_address, ip_network
from typing import Any

from exporter.core.model.docker import Container, Link, Network
from exporter.core.model.fib import LOCAL, UNICAST, RouteQuery, RouteResult
from exporter.core.model.kernel_sample import Devices
from exporter.core.nat.expected import expected
from exporter.core.nat.ruleset import IP6, Place
from exporter.core.nat.view import NatView
from exporter.core.nat.walk.inside import inside_of
from exporter.core.observation import Observation
from exporter.core.reach.answer import ReachAnswer, ReachPath
from exporter.core.reach.question import parse_question
from exporter.core.reach.reach import reach
from exporter.core.reach.view import Device, NamespaceView, Unread, Visited
from exporter.core.topology.topology import join
from tests.support.builders import connect, device, observed, run, veth
from tests.support.nat_hosts import BARE, DB, DEVICES, DNS, MUTE, NEW, WEB, Host
from tests.support.port_hosts import socket
from tests.support.saved_rules import ruleset

HOST = ""
NSIDS = {"dns": 1, "web": 2, "db": 3, "mute": 4, "bare": 5, "client": 6}
BRIDGES = {"bridge": 3, "front": 4, "back": 5, "quiet": 6, "open": 7}
INNER = 7  # ifindex of eth0 inside; of eth1 one more
CLIENT = connect(run("client", network="none"), "front", ip="172.18.0.3", ip6="fd00:18::3", gateway="172.18.0.1")
GATEWAYS = (
    (DNS, "172.17.0.1"),
    (WEB, "172.18.0.1"),
    (MUTE, "172.20.0.1"),
    (BARE, "172.21.0.1"),
    (DB, ""),
    (CLIENT, "172.18.0.1"),
)
HOST_ADDRESSES = {
    "eth0": ("192.0.2.10", "2001:db8::10"),
    "docker0": ("172.17.0.1",),
    "br-front": ("172.18.0.1", "fd00:18::1"),
    "br-back": ("172.19.0.1",),
    "br-quiet": ("172.20.0.1",),
    "br-open": ("172.21.0.1",),
}
LO = Device(Link(1, "lo", mtu=65536, carrier=True), ("127.0.0.1", "::1"))
NO_ROUTE = RouteResult(error=errno.ENETUNREACH)
DNS_PORT = 41053
DNS_RULES = f"""
*nat
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:DOCKER_OUTPUT - [0:0]
:DOCKER_POSTROUTING - [0:0]
-A OUTPUT -d 127.0.0.11/32 -j DOCKER_OUTPUT
-A POSTROUTING -d 127.0.0.11/32 -j DOCKER_POSTROUTING
-A DOCKER_OUTPUT -d 127.0.0.11/32 -p tcp -m tcp --dport 53 -j DNAT --to-destination 127.0.0.11:{DNS_PORT}
-A DOCKER_OUTPUT -d 127.0.0.11/32 -p udp -m udp --dport 53 -j DNAT --to-destination 127.0.0.11:{DNS_PORT}
-A DOCKER_POSTROUTING -s 127.0.0.11/32 -p tcp -m tcp --sport {DNS_PORT} -j SNAT --to-source :53
-A DOCKER_POSTROUTING -s 127.0.0.11/32 -p udp -m udp --sport {DNS_PORT} -j SNAT --to-source :53
"""
DNS_SOCKETS = (f"127.0.0.11:{DNS_PORT}", f"127.0.0.11:{DNS_PORT}/udp")
LISTENERS = {"web": ("0.0.0.0:80", "[::]:80"), "dns": ("0.0.0.0:53/udp",), "bare": ("0.0.0.0:80",)}
PROXIES = ("0.0.0.0:8080", "192.0.2.10:8082", "127.0.0.1:8443", "0.0.0.0:8083", "0.0.0.0:53/udp", "0.0.0.0:22")


class ReachHost:
    """The host; methods that spoil it return it. `things` are more containers and networks, or others of a name."""

    def __init__(self, rules: Host = NEW, *things: Container | Network) -> None:
        ordinary = [_ordinary(container, gateway) for container, gateway in GATEWAYS]
        self.rules = rules.with_inventory(*ordinary, *things)
        self.connected = True
        self.uplinks: tuple[str, ...] = ("eth0",)
        self.more: dict[str, Any] = {}
        self.nat: dict[str, Any] = {}
        self._changes: dict[str, list[Callable[[NamespaceView], NamespaceView]]] = {}
        self._routes: dict[tuple[str, RouteQuery], RouteResult] = {}
        self.visits: list[str] = []

    def view(self, name: str, **fields: Any) -> "ReachHost":
        """Set fields of a namespace; `listeners` as texts such as `0.0.0.0:80`."""
        if "listeners" in fields:
            fields["listeners"] = tuple(socket(s) if isinstance(s, str) else s for s in fields["listeners"])
        return self._change(name, lambda view: replace(view, **fields))

    def own_rules(self, name: str, text: str, table: str = "filter", family: str = "ip") -> "ReachHost":
        """Add a table of iptables-save to a container's namespace: `:INPUT DROP` and lines of `-A INPUT ...`."""
        saved = f"*{table}\n{text}"
        added = ruleset(ip6=saved) if family == IP6 else ruleset(saved)
        return self._change(name, lambda view: replace(view, rulesets=(*view.rulesets, added)))

    def device(self, name: str, which: str, addresses: tuple[str, ...] | None = None, **fields: Any) -> "ReachHost":
        """Change a device: fields of its Link, `isolated`, `port_state` and `filters` of the Device."""
        own = {key: fields.pop(key) for key in ("isolated", "port_state", "filters") if key in fields}

        def changed(found: Device) -> Device:
            kept = found.addresses if addresses is None else addresses
            return replace(found, link=replace(found.link, **fields), addresses=kept, **own)

        return self._change(name, lambda view: _with_device(view, which, changed))

    def without_device(self, name: str, which: str) -> "ReachHost":
        """Delete a device."""
        return self._change(
            name,
            lambda view: replace(view, devices={i: d for i, d in view.devices.items() if d.link.name != which}),
        )

    def with_device(self, name: str, link: Link, *addresses: str) -> "ReachHost":
        """Add a device."""
        added = Device(link, addresses)
        return self._change(name, lambda view: replace(view, devices={**view.devices, link.ifindex: added}))

    def unread(self, name: str, part: str, privilege: str = "CAP_X") -> "ReachHost":
        """A part of a namespace that could not be read."""
        missing = Unread(part, "it cannot be read", privilege)
        return self._change(name, lambda view: _without_part(replace(view, unread=(*view.unread, missing)), part))

    def route(
        self, name: str, destination: str, result: RouteResult, source: str = "", ifindex: int = 0
    ) -> "ReachHost":
        """What the FIB of a namespace has for one query."""
        self._routes[name, RouteQuery(destination, source, ifindex)] = result
        return self

    def rule(self, place: Place, text: str, at: int = 0) -> "ReachHost":
        """`iptables -I CHAIN` on the host."""
        self.rules = self.rules.inserted(place, text, at)
        return self

    def answer(self, target: str, source: str = "client") -> ReachAnswer:
        """Answer one question."""
        return reach(self._observation(), parse_question(source, target), self._visit)

    def path(self, target: str, source: str = "client") -> ReachPath:
        """Answer a question that has one path."""
        [path] = self.answer(target, source).paths
        return path

    def faults(self, target: str, source: str = "client") -> list[tuple[str, str, str]]:
        """Name, state and code of the steps that are not ok, of a question with one path."""
        return [(s.name, s.state, s.code) for s in self.path(target, source).steps if s.state != "ok"]

    def _change(self, name: str, change: Callable[[NamespaceView], NamespaceView]) -> "ReachHost":
        self._changes.setdefault(name, []).append(change)
        return self

    def _devices(self) -> Devices:
        links = {**DEVICES.links, 20: veth("veth-client", 20, master=4, nsid=6, peer=INNER)}
        sandboxes = {f"{name}-id": nsid for name, nsid in NSIDS.items()}
        return replace(DEVICES, links=links, sandboxes=sandboxes, addresses=HOST_ADDRESSES, uplinks=self.uplinks)

    def _observation(self) -> Observation:
        inventory = replace(self.rules.inventory, connected=self.connected)
        devices = self._devices()
        wanted = expected(inventory, inside_of(inventory.networks.values(), devices))
        nat = NatView(**{"reading": self.rules.reading(), "expected": wanted, "redirects": (), **self.nat})
        return replace(observed(join(inventory, devices)), **{"nat": nat, **self.more})

    def _visit(self, container: Container | None) -> Visited:
        name = container.name if container else HOST
        self.visits.append(name)
        view = self._host_view() if container is None else self._view_of(container)
        for change in self._changes.get(name, ()):
            view = change(view)
        return Visited(view, lambda query: self._looked_up(container, view, query))

    def _host_view(self) -> NamespaceView:
        found = {i: Device(link, HOST_ADDRESSES.get(link.name, ())) for i, link in self._devices().links.items()}
        for i in BRIDGES.values():
            found[i] = replace(found[i], link=replace(found[i].link, mac_address=f"02:42:00:00:00:0{i}"))
        ports = {i: replace(d, port_state=3, isolated=False) for i, d in found.items() if d.link.master_ifindex}
        return NamespaceView(
            devices={1: LO, **found, **ports},
            listeners=tuple(map(socket, PROXIES)),
            bridge_filter=frozenset({4, 6}),
        )

    def _view_of(self, container: Container) -> NamespaceView:
        named = any(e.network != "bridge" for e in container.endpoints)
        server = "127.0.0.11" if named else "192.0.2.1"
        return NamespaceView(
            devices={1: LO, **dict(_inner_devices(container))},
            rulesets=(ruleset(DNS_RULES),) if named else (),
            listeners=tuple(map(socket, (*LISTENERS.get(container.name, ()), *(DNS_SOCKETS if named else ())))),
            hosts=f"127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost\n{_host_line(container)}",
            resolv_conf=f"nameserver {server}\noptions ndots:0\n# ExtServers: [host(192.0.2.1)]\n",
        )

    def _looked_up(self, container: Container | None, view: NamespaceView, query: RouteQuery) -> RouteResult:
        """The routes of an ordinary namespace: its own addresses, its networks, its default route."""
        name = container.name if container else HOST
        if (name, query) in self._routes:
            return self._routes[name, query]
        if query.source and (name, replace(query, source="")) in self._routes:
            return self._routes[name, replace(query, source="")]
        own = [d for d in view.devices.values() if query.destination in d.addresses]
        if own or ip_address(query.destination).is_loopback:
            return RouteResult(LOCAL, 1, source=query.destination)
        return next(self._routes_of(container, view, query.destination), NO_ROUTE)

    def _routes_of(self, container: Container | None, view: NamespaceView, to: str) -> Iterator[RouteResult]:
        six = ":" in to
        networks = list(self.rules.inventory.networks.values())
        for found in view.devices.values():
            same = [a for a in found.addresses if (":" in a) == six and not ip_address(a).is_link_local]
            subnets = [s.subnet for n in networks for s in n.subnets if s.subnet]
            subnets += ["192.0.2.0/24", "2001:db8::/64"] if container is None else []
            for address in same if found.link.up else ():
                if any(ip_address(to) in ip_network(s) and ip_address(address) in ip_network(s) for s in subnets):
                    yield RouteResult(UNICAST, found.link.ifindex, source=address)
        yield from self._default(container, view, six=six)

    def _default(self, container: Container | None, view: NamespaceView, *, six: bool) -> Iterator[RouteResult]:
        if container is None:
            yield RouteResult(UNICAST, 2, "2001:db8::1" if six else "192.0.2.1", source=HOST_ADDRESSES["eth0"][six])
            return
        for endpoint in container.endpoints:
            own = endpoint.ip6_address if six else endpoint.ip_address
            found = view.device_of(own) if own else None
            gateway = "fd00:18::1" if six else endpoint.gateway
            if found is not None and found.link.up and gateway:
                yield RouteResult(UNICAST, found.link.ifindex, gateway, source=own)


def _ordinary(container: Container, gateway: str) -> Container:
    """The container of nat_hosts with its gateway, in the mode of its network."""
    endpoints = tuple(replace(e, gateway=gateway, mac_address=mac_of(e.ip_address)) for e in container.endpoints)
    return replace(container, endpoints=endpoints, network_mode=endpoints[0].network, pid=NSIDS[container.name] * 1000)


def mac_of(address: str) -> str:
    """The MAC address that engines before 28 derive from an address."""
    return "02:42:" + ":".join(f"{int(part):02x}" for part in address.split(".")) if "." in address else ""


def _host_line(container: Container) -> str:
    return "".join(f"{e.ip_address}\t{container.id[:12]}\n" for e in container.endpoints if e.ip_address)


def _inner_devices(container: Container) -> Iterator[tuple[int, Device]]:
    """eth0, eth1, ... of a container; the host's end of eth0 is `veth-NAME`."""
    outer = {link.name: i for i, link in DEVICES.links.items()} | {"veth-client": 20}
    for number, endpoint in enumerate(e for e in container.endpoints if e.ip_address or e.ip6_address):
        peer = outer.get(f"veth-{container.name}", 0) if not number else 0
        link = replace(
            device(f"eth{number}", INNER + number),
            kind="veth",
            mac_address=endpoint.mac_address,
            peer_ifindex=peer,
            peer_nsid=0,
        )
        addresses = [a for a in (endpoint.ip_address, endpoint.ip6_address) if a]
        yield INNER + number, Device(link, (*addresses, "fe80::1"))


def _with_device(view: NamespaceView, which: str, change: Callable[[Device], Device]) -> NamespaceView:
    assert any(d.link.name == which for d in view.devices.values()), f"no device {which}"
    return replace(view, devices={i: change(d) if d.link.name == which else d for i, d in view.devices.items()})


def _without_part(view: NamespaceView, part: str) -> NamespaceView:
    """What was not read is empty."""
    empty: dict[str, dict[str, Any]] = {
        "namespace": {"devices": {}, "rulesets": (), "listeners": (), "neighbours": (), "filters": ()},
        "rules": {"rulesets": ()},
        "listeners": {"listeners": (), "full": frozenset()},
        "files": {"hosts": None, "resolv_conf": None},
        "filters": {"filters": ()},
    }
    return replace(view, **empty[part])
