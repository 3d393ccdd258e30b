"""Podman of Debian 12 and 13 behind Docker's API: an idle host, and one that serves a port."""

import os
from collections.abc import Iterator

import pytest

from tests.support import podman_checks
from tests.support.live.exposed import Exporter
from tests.support.live.podman_host import Host
from tests.support.podman_checks import HTTPD, NETWORK, PLAIN, PORT, WEB
from tests.support.private_host.engines import PackageUnavailableError
from tests.support.private_host.host import PrivateHost
from tests.support.private_host.podman import SUITES, podman


@pytest.fixture(scope="module", params=SUITES, ids=list(SUITES.values()))
def idle(request: pytest.FixtureRequest) -> Iterator[Host]:
    """A service without containers."""
    if os.geteuid():
        pytest.skip("a private host needs root")
    with PrivateHost("pod") as host:
        try:
            with podman(host, request.param) as running:
                yield Host(running)
        except PackageUnavailableError as error:
            pytest.skip(f"no Podman: {error}")


@pytest.fixture(scope="module")
def serving(idle: Host) -> Iterator[Host]:
    """A container on a network of its own, and one on the default network; the first publishes a port."""
    engine = idle.engine
    engine.client.networks.create(NETWORK)
    engine.run(PLAIN, *HTTPD)
    engine.run(WEB, *HTTPD, network=NETWORK, ports={"80/tcp": PORT})
    with Exporter(engine.host, "--docker.host", engine.url) as running:
        host = Host(engine, running)
        podman_checks.port_is_known(host)
        yield host


def test_an_idle_host_is_read_whole_but_for_the_rules_of_netavark(idle: Host) -> None:
    podman_checks.idle_host_is_read_whole_but_for_the_rules_of_netavark(idle)


def test_a_serving_host_has_its_bridges_containers_and_ports(serving: Host) -> None:
    podman_checks.serving_host_has_its_bridges_containers_and_ports(serving)


def test_traffic_is_that_inside_the_container(serving: Host) -> None:
    podman_checks.traffic_is_that_inside_the_container(serving)


def test_a_serving_host_has_no_findings_and_its_port_is_reachable(serving: Host) -> None:
    podman_checks.serving_host_has_no_findings_and_its_port_is_reachable(serving)


def test_the_engine_and_its_bridges_are_in_the_topology(serving: Host) -> None:
    podman_checks.engine_and_its_bridges_are_in_the_topology(serving)


def test_names_are_not_those_of_dockers_resolver(serving: Host) -> None:
    podman_checks.names_are_not_those_of_dockers_resolver(serving)
