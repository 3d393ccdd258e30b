"""Containers and networks of situations, beside the plants of tests/truth/plants.py."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from docker.types import IPAMConfig, IPAMPool

from tests.support.live.shop import IMAGE
from tests.truth.case import Plant
from tests.truth.lab import Lab, serving
from tests.truth.plants import both

SLEEP = ["sleep", "1000"]
BRIDGE = "com.docker.network.bridge"


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


def joined(name: str, network: str, *, leave: bool = False, **endpoint: Any) -> Plant:
    """`docker network connect`; `endpoint` is EndpointSettings of the Engine API. `leave`: disconnect at the end."""

    @contextmanager
    def plant(lab: Lab) -> Iterator[None]:
        api = lab.host.api()
        body = {"Container": name, "EndpointConfig": endpoint}
        api._raise_for_status(api._post_json(api._url("/networks/{0}/connect", network), data=body))
        yield
        if leave:
            api.disconnect_container_from_network(name, network)

    return plant
