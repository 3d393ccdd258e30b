"""Namespaces of an ordinary host of `explain A B`: devices, addresses, rules inside, sockets, files, routes."""

import errno
from collections.abc import Iterator
from ipaddress import ip_address, ip_network

from msgspec.structs import replace

from exporter.core.model.docker import Container, Link
from exporter.core.model.fib import LOCAL, UNICAST, RouteResult
from exporter.core.model.kernel_sample import Devices
from exporter.core.reach.view import Device, NamespaceView
from tests.support.builders import connect, device, run, veth
from tests.support.nat_hosts import BARE, DB, DEVICES, DNS, MUTE, WEB
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


def host_devices(uplinks: tuple[str, ...] = ("eth0",)) -> Devices:
    """The devices of nat_hosts, and the host's end of client."""
    links = {**DEVICES.links, 20: veth("veth-client", 20, master=4, nsid=6, peer=INNER)}
    sandboxes = {f"{name}-id": nsid for name, nsid in NSIDS.items()}
    return replace(DEVICES, links=links, sandboxes=sandboxes, addresses=HOST_ADDRESSES, uplinks=uplinks)


def host_view() -> NamespaceView:
    """The host's namespace."""
    found = {i: Device(link, HOST_ADDRESSES.get(link.name, ())) for i, link in host_devices().links.items()}
    for i in BRIDGES.values():
        found[i] = replace(found[i], link=replace(found[i].link, mac_address=f"02:42:00:00:00:0{i}"))
    ports = {
        i: replace(d, port_state=3, isolated=False, learning=True) for i, d in found.items() if d.link.master_ifindex
    }
    return NamespaceView(
        devices={1: LO, **found, **ports},
        listeners=tuple(map(socket, PROXIES)),
        bridge_filter=frozenset({4, 6}),
    )


def view_of(container: Container) -> NamespaceView:
    """The namespace of a container."""
    named = any(e.network != "bridge" for e in container.endpoints)
    server = "127.0.0.11" if named else "192.0.2.1"
    return NamespaceView(
        devices={1: LO, **dict(_inner_devices(container))},
        rulesets=(ruleset(DNS_RULES),) if named else (),
        listeners=tuple(map(socket, (*LISTENERS.get(container.name, ()), *(DNS_SOCKETS if named else ())))),
        hosts=f"127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost\n{_host_line(container)}",
        resolv_conf=f"nameserver {server}\noptions ndots:0\n# ExtServers: [host(192.0.2.1)]\n",
    )


def ordinary_route(
    container: Container | None, view: NamespaceView, subnets: list[str], destination: str
) -> RouteResult:
    """What an ordinary FIB has: its own addresses, its networks, its default route; None is the host."""
    own = [d for d in view.devices.values() if destination in d.addresses]
    if own or ip_address(destination).is_loopback:
        return RouteResult(LOCAL, 1, source=destination)
    on_link = [*subnets, *(["192.0.2.0/24", "2001:db8::/64"] if container is None else [])]
    default = _default(container, view, six=":" in destination)
    return next(iter((*_on_link(view, on_link, destination), *default)), NO_ROUTE)


def _on_link(view: NamespaceView, subnets: list[str], to: str) -> Iterator[RouteResult]:
    for found in view.devices.values():
        same = [a for a in found.addresses if (":" in a) == (":" in to) and not ip_address(a).is_link_local]
        for address in same if found.link.up else ():
            if any(ip_address(to) in ip_network(s) and ip_address(address) in ip_network(s) for s in subnets):
                yield RouteResult(UNICAST, found.link.ifindex, source=address)


def _default(container: Container | None, view: NamespaceView, *, six: bool) -> Iterator[RouteResult]:
    if container is None:
        yield RouteResult(UNICAST, 2, "2001:db8::1" if six else "192.0.2.1", source=HOST_ADDRESSES["eth0"][six])
        return
    for endpoint in container.endpoints:
        own = endpoint.ip6_address if six else endpoint.ip_address
        found = view.device_of(own) if own else None
        gateway = "fd00:18::1" if six else endpoint.gateway
        if found is not None and found.link.up and gateway:
            yield RouteResult(UNICAST, found.link.ifindex, gateway, source=own)


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
