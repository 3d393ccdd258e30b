"""What situations are planted with, beside the plants of tests/truth/plants.py."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from docker.types import IPAMConfig, IPAMPool

from tests.support.live.listening import listening
from tests.support.live.shop import IMAGE
from tests.truth.case import Plant
from tests.truth.lab import Lab, serving
from tests.truth.plants import both, shell

SLEEP = ["sleep", "1000"]
BRIDGE = "com.docker.network.bridge"
# a server of several sockets: its name is the body of each HTTP answer, and stands before each datagram it sends back
ANSWER = """
import select
print("ready", flush=True)
while True:
    for sock in select.select(made, [], [])[0]:
        if sock.type == socket.SOCK_DGRAM:
            data, client = sock.recvfrom(65536)
            sock.sendto(sys.argv[1].encode() + data[len(sys.argv[1]):], client)
            continue
        connection = sock.accept()[0]
        connection.recv(4096)
        connection.sendall(b"HTTP/1.0 200 OK\\r\\n\\r\\n" + sys.argv[1].encode())
        connection.close()
"""
# a server that never accepts, with a queue of two
FULL = """
made[0].listen(1)
clients = []
for _ in range(4):
    client = socket.socket()
    client.setblocking(False)
    client.connect_ex(("127.0.0.1", made[0].getsockname()[1]))
    clients.append(client)
print("ready", flush=True)
signal.pause()
"""


def box(
    name: str,
    network: str = "n",
    command: Sequence[str] | None = None,
    endpoint: Mapping[str, Any] | None = None,
    **options: Any,
) -> Plant:
    """A container on a network; `endpoint` is EndpointSettings of the Engine API. It serves its name, or `command`."""

    @contextmanager
    def plant(lab: Lab) -> Iterator[None]:
        try:
            if endpoint is None:
                where = (
                    {"network_mode": network} if ":" in network or network in ("host", "none") else {"network": network}
                )
                lab.run(name, list(command) if command else None, **where, **options)
            else:
                _create(lab, name, network, command, endpoint)
            yield
        finally:
            lab.remove(name)

    return plant


def _create(lab: Lab, name: str, network: str, command: Sequence[str] | None, endpoint: Mapping[str, Any]) -> None:
    """Give an endpoint settings that the high-level client has no word for."""
    body = {
        "Image": IMAGE,
        "Cmd": list(command or serving(name)),
        "HostConfig": {"NetworkMode": network},
        "NetworkingConfig": {"EndpointsConfig": {network: dict(endpoint)}},
    }
    api = lab.host.api()
    api.start(api.create_container_from_config(body, name)["Id"])
    if command is None:
        lab.wait_until_listening(name)


def pair(network: str = "n", server: str = "", **options: Any) -> Plant:
    """`server`, which serves its name, and `client`; on one network, or `server` on another."""
    return both(box("server", server or network, **options), client(network))


def client(network: str = "n", **options: Any) -> Plant:
    """A container that waits."""
    return box("client", network, SLEEP, **options)


def network(name: str, subnet: str | Mapping[str, str] = "", six: str = "", **options: Any) -> Plant:
    """`docker network create`; a bridge's device is br-NAME."""

    @contextmanager
    def plant(lab: Lab) -> Iterator[None]:
        pools = [IPAMPool(**({"subnet": one} if isinstance(one, str) else one)) for one in (subnet, six) if one]
        settings = dict(options)
        if settings.get("driver", "bridge") == "bridge":
            settings["options"] = {f"{BRIDGE}.name": f"br-{name}", **settings.get("options", {})}
        ipam = IPAMConfig(pool_configs=pools) if pools else None
        made = lab.host.client().networks.create(name, ipam=ipam, enable_ipv6=bool(six), **settings)
        try:
            yield
        finally:
            made.remove()

    return plant


def joined(name: str, network: str, **endpoint: Any) -> Plant:
    """`docker network connect`; `endpoint` is EndpointSettings of the Engine API."""

    @contextmanager
    def plant(lab: Lab) -> Iterator[None]:
        api = lab.host.api()
        body = {"Container": name, "EndpointConfig": endpoint}
        api._raise_for_status(api._post_json(api._url("/networks/{0}/connect", network), data=body))
        yield

    return plant


def within(name: str, do: str) -> Plant:
    """Shell commands in the network namespace of a container that is removed afterwards."""
    return shell(do, "true", name)


def written(name: str, path: str, text: str, *, append: bool = False) -> Plant:
    """Text for a file of a container that is removed afterwards; `text` may name addresses."""

    @contextmanager
    def plant(lab: Lab) -> Iterator[None]:
        file = f"/proc/{lab.pid(name)}/root{path}"
        with open(file, "a" if append else "w") as opened:  # noqa: PTH123  below /proc/PID/root
            opened.write(lab.text(text))
        yield

    return plant


def service(name: str, *claims: str, where: str = "", then: str = ANSWER) -> Plant:
    """A process of the host, or in the network namespace of a container, that answers on `claims`, as `tcp,::,80`."""

    @contextmanager
    def plant(lab: Lab) -> Iterator[None]:
        before = ("nsenter", "-t", str(lab.pid(where)), "-n") if where else ()
        with listening(lab.host, name, *map(lab.text, claims), then=then, before=before):
            yield

    return plant


def command(verb: str, name: str, undo: str = "", *words: str) -> Plant:
    """A method of docker's containers, such as `pause`, and the one that undoes it."""

    @contextmanager
    def plant(lab: Lab) -> Iterator[None]:
        one = lab.host.client().containers.get(name)
        getattr(one, verb)(*words)
        try:
            yield
        finally:
            if undo:
                getattr(one, undo)()

    return plant


def ports_of(*names: str, settings: str) -> Plant:
    """Settings of bridge ports, as `isolated on`, for the host's ends of containers that are removed afterwards."""
    words = "; ".join(f"bridge link set dev ${name}_veth {settings}" for name in names)
    return shell(words, "true")


def removed_from(name: str, network: str) -> Plant:
    """`docker network disconnect`."""

    @contextmanager
    def plant(lab: Lab) -> Iterator[None]:
        lab.host.client().networks.get(network).disconnect(name)
        yield

    return plant


def outside(do: str, undo: str) -> Plant:
    """Shell commands at the far end of the uplink."""

    @contextmanager
    def plant(lab: Lab) -> Iterator[None]:
        lab.sh(do, far=True)
        try:
            yield
        finally:
            lab.sh(undo, far=True)

    return plant
