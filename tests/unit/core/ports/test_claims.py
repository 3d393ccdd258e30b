"""Who has a port of the host, and who should have."""

from msgspec.structs import replace

from exporter.core.model.container_details import Details, PortBinding
from exporter.core.model.docker import Container
from exporter.core.model.sockets import CONTAINER, DOCKER_PROXY, ENGINE, PROCESS, Listener, ListeningSocket, Owner
from exporter.core.ports.claims import PortClaims, port_claims
from tests.support.builders import inventory, run, stop


def publish(name: str, first: int, last: int = 0, protocol: str = "tcp") -> Container:
    """`docker run -p FIRST-LAST:80/PROTOCOL`."""
    binding = PortBinding(protocol, 80, "", first, last or first)
    return replace(run(name), details=Details(bindings=(binding,)))


def listener(port: int, kind: str, name: str = "web") -> Listener:
    return Listener(ListeningSocket("tcp", "0.0.0.0", port), Owner(kind, name))


def test_ports_are_held_by_containers_and_by_what_listens_in_their_place() -> None:
    listeners = [listener(1, CONTAINER), listener(2, DOCKER_PROXY), listener(3, ENGINE), listener(4, PROCESS)]
    assert port_claims(inventory(), listeners) == PortClaims(frozenset({("tcp", 1), ("tcp", 2), ("tcp", 3)}))


def test_a_container_wants_each_port_of_a_range_and_none_that_the_engine_chooses() -> None:
    claims = port_claims(inventory(publish("web", 8080, 8082), publish("any", 0), run("plain")), [])
    assert claims.wanted == {("tcp", port): frozenset({"web"}) for port in (8080, 8081, 8082)}


def test_of_several_those_that_do_not_run_want_it() -> None:
    old, new = publish("old", 8080), stop(publish("new", 8080))
    assert port_claims(inventory(old, new), []).wanted == {("tcp", 8080): frozenset({"new"})}
    assert port_claims(inventory(stop(old), new), []).wanted == {("tcp", 8080): frozenset({"new", "old"})}
    assert port_claims(inventory(old), []).wanted == {("tcp", 8080): frozenset({"old"})}


def test_protocols_are_apart() -> None:
    claims = port_claims(inventory(publish("web", 53), publish("dns", 53, protocol="udp")), [])
    assert claims.wanted == {("tcp", 53): frozenset({"web"}), ("udp", 53): frozenset({"dns"})}


def test_of_the_tasks_of_a_swarm_service_the_newest_is_the_one_that_wants_it() -> None:
    def task(name: str, created: float, *, live: bool = False) -> Container:
        labels = {"com.docker.swarm.service.id": "abc", "com.docker.swarm.task.id": name}
        made = replace(publish(name, 8080), labels=labels, created=created)
        return made if live else stop(made)

    dead = (task("web.1.a", 1.0), task("web.1.b", 2.0))
    assert port_claims(inventory(*dead), []).wanted == {("tcp", 8080): frozenset({"web.1.b"})}
    running = task("web.1.c", 3.0, live=True)
    assert port_claims(inventory(*dead, running), []).wanted == {("tcp", 8080): frozenset({"web.1.c"})}
