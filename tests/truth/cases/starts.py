"""Starts that fail for a reason of networking other than a host port, with a policy that starts the container again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from docker.errors import APIError
from docker.types import IPAMConfig, IPAMPool

from tests.support.live.shop import IMAGE
from tests.truth.case import Case, Plant
from tests.truth.lab import Lab
from tests.truth.plants import device
from tests.truth.probes import always, published
from tests.truth.rows import NOT_WHOLE, outage

KIND = "start blocked"
SLEEP = ["sleep", "1000"]
DUMMY = device("lan7")


def refused(before: Callable[[Lab], object], spoil: Callable[[Lab], object], **options: Any) -> Plant:
    """`before` makes what the container needs, `spoil` takes it away; the start then fails."""

    @contextmanager
    def plant(lab: Lab) -> Iterator[None]:
        client = lab.host.client()
        try:
            before(lab)
            made = client.containers.create(IMAGE, SLEEP, name="app", restart_policy={"Name": "always"}, **options)
            spoil(lab)
            with pytest.raises(APIError):
                made.start()
            yield
        finally:
            lab.remove("app", "owner", "first")
            for network in client.networks.list(names=["gone", "tiny", "mac"]):
                network.remove()

    return plant


def network(name: str, subnet: str = "", **options: Any) -> Callable[[Lab], object]:
    """`docker network create`."""
    ipam = IPAMConfig(pool_configs=[IPAMPool(subnet=subnet)]) if subnet else None
    return lambda lab: lab.host.client().networks.create(name, ipam=ipam, **options)


def address_taken(lab: Lab) -> None:
    """A running container that has the address which `app` is configured with."""
    first = {"n": lab.host.api().create_endpoint_config(ipv4_address="10.42.0.88")}
    api = lab.host.api()
    api.create_container(IMAGE, SLEEP, name="first", networking_config=api.create_networking_config(first))
    api.start("first")


def run(name: str, **options: Any) -> Callable[[Lab], object]:
    """`docker run -d`, sleeping."""
    return lambda lab: lab.run(name, SLEEP, **options)


def sh(text: str) -> Callable[[Lab], object]:
    """Shell commands in the host."""
    return lambda lab: lab.sh(text)


def none(_lab: Lab) -> None:
    """Do nothing."""


def blocked(name: str, plant: Plant, *finds: str, **options: Any) -> Case:
    """A container whose start failed."""
    settings = {"asked": "app", "verdicts": NOT_WHOLE, "works": True, "probe": always, "watch": 12.0, **options}
    return outage(name, KIND, plant, "start_blocked", *finds, **settings)


@contextmanager
def static(lab: Lab) -> Iterator[None]:
    """`app` is configured with the address of a running container."""
    api = lab.host.api()
    try:
        address_taken(lab)
        endpoint = {"n": api.create_endpoint_config(ipv4_address="10.42.0.88")}
        policy = api.create_host_config(restart_policy={"Name": "always"}, network_mode="n")
        networking = api.create_networking_config(endpoint)
        api.create_container(IMAGE, SLEEP, name="app", networking_config=networking, host_config=policy)
        with pytest.raises(APIError):
            api.start("app")
        yield
    finally:
        lab.remove("app", "first")


@contextmanager
def sharer(lab: Lab) -> Iterator[None]:
    """`vpn` publishes a port that `app`, in its namespace, serves."""
    try:
        lab.run("vpn", SLEEP, ports={"80/tcp": 8088})
        lab.run("app", network_mode="container:vpn")
        yield
    finally:
        lab.remove("app", "vpn")


@contextmanager
def restarted_owner(lab: Lab) -> Iterator[None]:
    """`docker restart vpn`: `app` stays in the namespace that nothing leads to any more."""
    lab.host.client().containers.get("vpn").restart(timeout=1)
    yield
    lab.host.client().containers.get("app").restart(timeout=1)
    lab.wait_until_listening("app")


@contextmanager
def replaced_owner(lab: Lab) -> Iterator[None]:
    """`docker rm -f vpn` and `docker run`: the namespace's name belongs to another container."""
    lab.remove("vpn")
    lab.run("vpn", SLEEP, ports={"80/tcp": 8088})
    yield
    lab.remove("app")
    lab.run("app", network_mode="container:vpn")


def orphaned(name: str, plant: Plant, asked: str = "app") -> Case:
    """A container whose namespace's owner lives in another namespace."""
    probe = published(8088, "app")
    return outage(name, "orphaned namespace", plant, "namespace_orphaned", asked=asked, probe=probe, base=sharer)


CASES = (
    blocked(
        "network gone", refused(network("gone"), lambda lab: lab.host.api().remove_network("gone"), network="gone")
    ),
    blocked(
        "owner of the namespace gone",
        refused(run("owner"), lambda lab: lab.host.api().stop("owner", timeout=1), network_mode="container:owner"),
    ),
    blocked(
        "macvlan parent gone",
        refused(
            lambda lab: (
                lab.sh(DUMMY),
                network("mac", "10.63.0.0/24", driver="macvlan", options={"parent": "lan7"})(lab),
            ),
            sh("ip link del lan7"),
            network="mac",
        ),
    ),
    blocked("no address left", refused(network("tiny", "10.64.0.0/30"), run("first", network="tiny"), network="tiny")),
    blocked("address taken", static),
    blocked(
        "bridge gone",
        refused(
            network("gone", options={"com.docker.network.bridge.name": "br-gone"}),
            sh("ip link del br-gone"),
            network="gone",
        ),
    ),
    blocked(
        "nat chain gone",
        refused(none, sh("iptables -t nat -F; iptables -t nat -X DOCKER"), ports={"80/tcp": 8085}),
        "missing_chain",
        fresh=True,
        probe=always,
    ),
    orphaned("owner restarted", restarted_owner),
    orphaned("owner replaced", replaced_owner),
    orphaned("owner restarted, asked by its port", restarted_owner, asked="8088"),
)
