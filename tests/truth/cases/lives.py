"""How containers are started, stopped and replaced by people, compose files and schedulers."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from docker.errors import APIError
from docker.types import IPAMConfig, IPAMPool

from tests.support.live.shop import IMAGE
from tests.truth.case import Case, Plant
from tests.truth.lab import Lab
from tests.truth.plants import both, container, process
from tests.truth.probes import always
from tests.truth.rows import ordinary

KIND = "life of containers"
SLEEP = ["sleep", "1000"]


def created(name: str, command: list[str] = SLEEP, *, start: bool = False, **options: Any) -> Plant:
    """`docker create`, and a start that may fail."""

    @contextmanager
    def plant(lab: Lab) -> Iterator[None]:
        try:
            made = lab.host.client().containers.create(IMAGE, command, name=name, **options)
            if start:
                with suppress(APIError):
                    made.start()
            yield
        finally:
            lab.remove(name)

    return plant


def then(plant: Plant, act: Callable[[Lab], object]) -> Plant:
    """A plant, and something that is done to it."""

    @contextmanager
    def acted(lab: Lab) -> Iterator[None]:
        with plant(lab):
            act(lab)
            yield

    return acted


def stopped(name: str, **options: Any) -> Plant:
    """A container that ran and was stopped by hand."""
    return then(container(name, **options), lambda lab: lab.host.client().containers.get(name).stop(timeout=1))


def life(name: str, plant: Plant, **options: Any) -> Case:
    """A habit beside the published container web, which works."""
    return ordinary(name, KIND, plant, watch=options.pop("watch", 8.0), **options)


@contextmanager
def one_static_address(lab: Lab) -> Iterator[None]:
    """Blue and green with one static address; blue is stopped."""
    address = {"n": lab.host.api().create_endpoint_config(ipv4_address="10.42.0.77")}
    api = lab.host.api()
    try:
        for name in ("blue", "green"):
            networking = api.create_networking_config(address)
            api.create_container(IMAGE, SLEEP, name=name, networking_config=networking, stop_signal="SIGKILL")
            api.start(name)
            if name == "blue":
                api.stop(name, timeout=1)
        yield
    finally:
        lab.remove("blue", "green")


@contextmanager
def static_addresses(lab: Lab) -> Iterator[None]:
    """A compose file that gives each container its address, on a network without an IP range."""
    pool = IPAMPool(subnet="10.61.0.0/24")
    network = lab.host.client().networks.create("fixed", ipam=IPAMConfig(pool_configs=[pool]))
    api = lab.host.api()
    names = ("fixed-1", "fixed-2")
    try:
        for number, name in enumerate(names, 10):
            endpoint = {"fixed": api.create_endpoint_config(ipv4_address=f"10.61.0.{number}")}
            api.create_container(IMAGE, SLEEP, name=name, networking_config=api.create_networking_config(endpoint))
            api.start(name)
        yield
    finally:
        lab.remove(*names)
        network.remove()


@contextmanager
def burst(lab: Lab) -> Iterator[None]:
    """Many published containers at once."""
    names = [f"burst-{number}" for number in range(20)]
    client = lab.host.client()
    try:
        for number, name in enumerate(names):
            client.containers.run(IMAGE, SLEEP, name=name, detach=True, ports={"80/tcp": 9000 + number})
        yield
    finally:
        lab.remove(*names)


@contextmanager
def moved_between_networks(lab: Lab) -> Iterator[None]:
    """`docker network connect` and `disconnect` of a running container."""
    networks = lab.host.client().networks
    networks.get("m").connect("db")
    networks.get("m").disconnect("db")
    networks.get("m").connect("db")
    yield
    networks.get("m").disconnect("db")


HOST_SERVER = ["httpd", "-f", "-p", "0.0.0.0:8085"]
RESTART = {"Name": "unless-stopped"}

CASES = (
    life("stopped by hand, unless-stopped", stopped("shop", ports={"80/tcp": 8085}, restart_policy=RESTART)),
    life("stopped by hand, always", stopped("shop", ports={"80/tcp": 8085}, restart_policy={"Name": "always"})),
    life(
        "stopped, port taken over by a process",
        both(stopped("shop", ports={"80/tcp": 8085}, restart_policy=RESTART), process("nginx", "tcp,0.0.0.0,8085")),
    ),
    life(
        "stopped, port taken over by another container",
        both(stopped("shop", ports={"80/tcp": 8085}), container("shop2", ports={"80/tcp": 8085})),
    ),
    life("created and never started", created("later", ports={"80/tcp": 8085})),
    life(
        "left by a failed docker run",
        both(process("nginx", "tcp,0.0.0.0,8085"), created("later", start=True, ports={"80/tcp": 8085})),
    ),
    life(
        "failed docker run of a taken port, then another one",
        both(created("first", start=True, ports={"80/tcp": 8080}), container("second", ports={"80/tcp": 8086})),
    ),
    life("blue and green with one address", one_static_address),
    life("static addresses without a range", static_addresses),
    life("twenty starts at once", burst, watch=12.0),
    life("moved between networks", moved_between_networks),
    life("ended, exit code 0", container("job", ["true"])),
    life("ended, exit code 3, no restart", container("job", ["sh", "-c", "exit 3"])),
    life(
        "loop without a network reason",
        container("loop", ["sh", "-c", "sleep 1; exit 1"], restart_policy={"Name": "always"}),
    ),
    life(
        "paused",
        then(container("still", ports={"80/tcp": 8085}), lambda lab: lab.host.client().containers.get("still").pause()),
    ),
    life(
        "replaced by name",
        both(container("shop", ports={"80/tcp": 8085}), then(container("shop-new"), lambda lab: lab.remove("shop"))),
    ),
    life(
        "three replicas on a port range",
        both(*(container(f"replica-{n}", ports={"80/tcp": 8100 + n}) for n in range(3))),
    ),
    life("tcp and udp of one port", container("dns", ports={"80/tcp": 8053, "80/udp": 8053})),
    life("published on loopback alone", container("local", ports={"80/tcp": ("127.0.0.1", 8085)})),
    life(
        "one port on two addresses, two containers",
        both(
            container("one", ports={"80/tcp": ("127.0.0.1", 8085)}),
            container("two", ports={"80/tcp": ("192.0.2.10", 8085)}),
        ),
        asked="two",
        probe=always,
    ),
    life("port of the ephemeral range", container("high", ports={"80/tcp": 40000})),
    life("shares the namespace of another one", container("sidecar", SLEEP, network_mode="container:web")),
    life("host mode", container("hosted", HOST_SERVER, network_mode="host")),
    life("no network", container("alone", SLEEP, network_mode="none")),
    life("process on a port beside", process("nginx", "tcp,0.0.0.0,8090", "udp,0.0.0.0,8090")),
    life("process on the published port of another address", process("nginx", "tcp,127.0.0.2,8087")),
    life(
        "multicast DNS of two programs",
        both(process("avahi", "udp,0.0.0.0,5353,shared"), process("chrome", "udp,0.0.0.0,5353,shared")),
    ),
    life(
        "local peer discovery of two programs",
        both(process("qbt", "udp,0.0.0.0,6771,shared"), process("transmission", "udp,0.0.0.0,6771,shared")),
    ),
    life(
        "workers that share a port",
        both(process("nginx", "tcp,0.0.0.0,8091,shared"), process("nginx", "tcp,0.0.0.0,8091,shared")),
    ),
    life("IPv4 and IPv6 by two sockets", process("nginx", "tcp,0.0.0.0,8092", "tcp,::,8092,v6only")),
    life("published with -P", container("many", publish_all_ports=True, ports={"80/tcp": None, "443/tcp": None})),
)
