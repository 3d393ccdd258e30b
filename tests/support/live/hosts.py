"""Private hosts of the live tests: had or skipped, and cleared between tests."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, suppress

import docker
import pytest
from docker.errors import APIError

from tests.support.private_host import engines
from tests.support.private_host.engines import Engine
from tests.support.private_host.host import PrivateHost
from tests.support.waiting import until

CLEAR_SECONDS = 120


def available(suite: str) -> Engine:
    """The engine of a suite, or a skipped test that says why there is none."""
    if os.geteuid():
        pytest.skip("a private Docker host needs root")
    try:
        return engines.engine(suite)
    except engines.PackageUnavailableError as error:
        pytest.skip(f"no docker.io of {suite}: {error}")


def of_iptables(host: PrivateHost) -> None:
    """Skip a test of chains that Docker writes with iptables on an engine with its own tables."""
    if host.engine.suite == engines.MOBY_NFTABLES:
        pytest.skip("this engine writes its own tables; tests/truth/cases/own_tables.py is about them")


def clear(host: PrivateHost) -> None:
    """Remove all containers and all networks but Docker's own."""
    if not host.running:
        host.start()
    with closing(docker.APIClient(host.docker_url, timeout=CLEAR_SECONDS)) as client:
        until(lambda: not _left(client), CLEAR_SECONDS, "no container left")
        until(lambda: not _networks_left(client), CLEAR_SECONDS, "no network left")


def _left(client: docker.APIClient) -> list[str]:
    """Remove what there is, and say what that was; one that ends or starts at this moment is there once more."""
    found = [row["Id"] for row in client.containers(all=True)]
    for container_id in found:
        with suppress(APIError):
            client.remove_container(container_id, force=True, v=True)
    return found


def _networks_left(client: docker.APIClient) -> list[str]:
    """Remove those that nobody uses, and say which are still there."""
    client.prune_networks()
    return [network["Name"] for network in client.networks(filters={"type": "custom"})]


@pytest.fixture
def new_host() -> Iterator[Callable[..., PrivateHost]]:
    """Makes hosts on the default engine, with the other arguments of PrivateHost; closed after the test."""
    with ExitStack() as hosts:

        def make(name: str = "host", flags: Sequence[str] = (), *, uplink: bool = True) -> PrivateHost:
            engine = available(engines.DEFAULT)
            return hosts.enter_context(PrivateHost(name, engine, flags, uplink=uplink))

        yield make
