"""What `ports` prints."""

import json
from functools import partial
from typing import Any

from msgspec.structs import replace

from exporter.cli.output.ports import document, parse_port_lines, port_lines, print_ports
from exporter.core.model.mesh import MeshPort
from exporter.core.model.sockets import HostSockets
from exporter.core.topology.topology import join
from exporter.web.page import api
from tests.support.builders import shop
from tests.support.port_hosts import container, engine, process, proxy
from tests.support.terminal import printed, seen

LISTENERS = (
    *proxy("web", 8080),
    *process("sshd", "0.0.0.0:22"),
    *process("", "127.0.0.1:53", "127.0.0.1:53/udp"),
    *container("top", "192.0.2.10:9000", "192.0.2.10:9000"),
    *proxy("", 9100)[:1],
    *engine("web", "0.0.0.0:8081"),
)
HOST = seen(sockets=HostSockets(LISTENERS))


def test_every_port_is_told_once_with_who_holds_it_and_what_it_is_published_to() -> None:
    assert printed(partial(print_ports, port_lines(HOST)))[1:] == [
        "tcp       0.0.0.0       22  sshd           process                     all",
        "tcp       127.0.0.1     53  (not visible)  process                     loopback",
        "udp       127.0.0.1     53  (not visible)  process                     loopback",
        "tcp       0.0.0.0     8080  web            docker-proxy  web:80        all",
        "tcp       ::          8080  web            docker-proxy  web:80        all",
        "tcp       0.0.0.0     8081  web            engine                      all",
        "tcp       192.0.2.10  9000  top            container                   private",
        "tcp       0.0.0.0     9100  docker-proxy   docker-proxy                all",
    ]


def test_the_document_says_the_same() -> None:
    found = json.loads(document(port_lines(HOST)))
    assert len(found) == 8
    assert found[3] == {
        "protocol": "tcp",
        "address": "0.0.0.0",
        "port": 8080,
        "owner": "web",
        "owner_kind": "docker-proxy",
        "published_to": "web:80",
        "scope": "all",
    }


def test_where_nothing_listens_or_nothing_was_read_that_is_said(sentence: Any) -> None:
    assert printed(partial(print_ports, port_lines(seen(sockets=HostSockets())))) == [sentence]
    assert json.loads(document(port_lines(seen(sockets=None)))) == []


def test_a_port_of_the_routing_mesh_is_published_to_its_service() -> None:
    """By a look of one's own, and as a running exporter tells it."""
    topology = shop()
    inventory = replace(topology.inventory, mesh={"ingress-net": (MeshPort("svc", 8085, 80),)})
    found = seen(sockets=HostSockets(engine("", "[::]:8085")), topology=join(inventory, topology.devices))
    assert [(line.owner, line.published_to) for line in port_lines(found)] == [("engine", "service svc:80")]
    assert parse_port_lines(json.loads(api.ports(found))) == port_lines(found)
