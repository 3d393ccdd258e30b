"""The host of one question of `explain A B`, as one of nat_hosts writes its rules; a test says only what spoils it.

In addition to those of nat_hosts: client, a second container on front. Its server is web, which listens on tcp/80.
Namespaces are named by their container, the host's by HOST.
"""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from exporter.core.model.docker import DOCKER, Container, Engine, Link, Network
from exporter.core.model.fib import RouteQuery, RouteResult
from exporter.core.model.routes import Route
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
from tests.support.builders import observed
from tests.support.nat_hosts import NEW, Host
from tests.support.port_hosts import socket
from tests.support.reach_namespaces import (
    GATEWAYS,
    HOST,
    NSIDS,
    host_devices,
    host_view,
    mac_of,
    ordinary_route,
    view_of,
)
from tests.support.saved_rules import ruleset

OWN = (
    "isolated",
    "port_state",
    "filters",
    "arp",
    "answers",
    "learning",
    "withheld",
    "vlans",
    "duplicates",
    "locked",
    "hop_limit",
    "mode",
    "requests_arp",
    "own_only",
    "routes_loopback",
)  # of Device


class ReachHost:
    """The host; methods that spoil it return it. `things` are more containers and networks, or others of a name."""

    def __init__(self, rules: Host = NEW, *things: Container | Network) -> None:
        ordinary = [_ordinary(container, gateway) for container, gateway in GATEWAYS]
        self.rules = rules.with_inventory(*ordinary, *things)
        self.connected = True
        self.engine_version, self.product = "", DOCKER
        self.uplinks: tuple[str, ...] = ("eth0",)
        self.own_routes: tuple[Route, ...] = ()  # of the host's main table, in addition
        self.more: dict[str, Any] = {}
        self.nat: dict[str, Any] = {}
        self._changes: dict[str, list[Callable[[NamespaceView], NamespaceView]]] = {}
        self._routes: dict[tuple[str, RouteQuery], RouteResult] = {}
        self.free_ports: int | None = None  # of every namespace
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
        """Change a device: fields of its Link, and those of the Device in `own`."""
        own = {key: fields.pop(key) for key in OWN if key in fields}

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
        self, name: str, destination: str, result: RouteResult, source: str = "", ifindex: int = 0, **more: Any
    ) -> "ReachHost":
        """What the FIB of a namespace has for one query; `more` is what policy rules go by, such as a mark."""
        self._routes[name, RouteQuery(destination, source, ifindex, **more)] = result
        return self

    def rule(self, place: Place, text: str, at: int = 0) -> "ReachHost":
        """`iptables -I CHAIN` on the host."""
        self.rules = self.rules.inserted(place, text, at)
        return self

    def answer(self, target: str, source: str = "client") -> ReachAnswer:
        """Answer one question."""
        return reach(self.observation(), parse_question(source, target), self._visit)

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

    def observation(self) -> Observation:
        """What was observed of it."""
        inventory = replace(self.rules.inventory, connected=self.connected)
        if self.engine_version:
            inventory = replace(inventory, engine=Engine("", self.engine_version, "", product=self.product))
        ordinary = host_devices(self.uplinks)
        devices = replace(ordinary, routes=(*(ordinary.routes or ()), *self.own_routes))
        wanted = expected(inventory, inside_of(inventory.networks.values(), devices))
        nat = NatView(**{"reading": self.rules.reading(), "expected": wanted, "redirects": (), **self.nat})
        return replace(observed(join(inventory, devices)), **{"nat": nat, **self.more})

    def _visit(self, container: Container | None) -> Visited:
        name = container.name if container else HOST
        self.visits.append(name)
        view = host_view() if container is None else view_of(container)
        for change in self._changes.get(name, ()):
            view = change(view)
        return Visited(view, lambda query: self._looked_up(container, view, query), lambda _: self.free_ports)

    def _looked_up(self, container: Container | None, view: NamespaceView, query: RouteQuery) -> RouteResult:
        """What a test says of the query, or of its destination; else an ordinary route."""
        name = container.name if container else HOST
        # most policy rules have no condition on them
        marked = query._replace(protocol="", port=0, source_port=0, uid=0)
        unmarked = marked._replace(mark=0)
        for asked in (query, marked, marked._replace(source=""), unmarked, unmarked._replace(source="")):
            if (name, asked) in self._routes:
                return self._routes[name, asked]
        subnets = [s.subnet for n in self.rules.inventory.networks.values() for s in n.subnets if s.subnet]
        return ordinary_route(container, view, subnets, query.destination)


def _ordinary(container: Container, gateway: str) -> Container:
    """The container of nat_hosts with its gateway, in the mode of its network."""
    endpoints = tuple(replace(e, gateway=gateway, mac_address=mac_of(e.ip_address)) for e in container.endpoints)
    return replace(container, endpoints=endpoints, network_mode=endpoints[0].network, pid=NSIDS[container.name] * 1000)


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
