"""The compose and stack files, as Docker's own command line reads them."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.clients import DockerClient
from tests.support.private_host.engines import PackageUnavailableError
from tests.support.rule_files import REPOSITORY

DEPLOY = REPOSITORY / "deploy"


COMPOSE, PROXY, STACK = (DEPLOY / name for name in ("compose.yml", "compose-socket-proxy.yml", "swarm-stack.yml"))


GROUP = {"DOCKER_GID": "999"}


@pytest.fixture(scope="module")
def docker() -> Iterator[DockerClient]:
    """The command line, or a skipped test where Debian's packages cannot be had."""
    with tempfile.TemporaryDirectory(prefix="docker-") as folder:
        try:
            yield DockerClient(Path(folder))
        except PackageUnavailableError as error:
            pytest.skip(f"no docker command: {error}")


def composed(docker: DockerClient, *files: Path, **environment: str) -> Any:
    """The services as compose understands them; AssertionError with what it says of an error."""
    chosen = [word for file in files for word in ("--file", str(file))]
    code, out, err = docker.run("compose", *chosen, "config", env=environment)
    assert code == 0, err
    return yaml.safe_load(out)["services"]


def test_the_compose_file_is_valid_and_all_listen_on_the_loopback(docker: DockerClient) -> None:
    services = composed(docker, COMPOSE, **GROUP)
    assert services.keys() == {"exporter", "prometheus", "grafana"}
    assert {service["network_mode"] for service in services.values()} == {"host"}
    assert services["exporter"]["environment"]["DOCKERNET_WEB_LISTEN_ADDRESS"] == "127.0.0.1:9714"
    assert "--web.listen-address=127.0.0.1:9090" in services["prometheus"]["command"]
    assert services["grafana"]["environment"]["GF_SERVER_HTTP_ADDR"] == "127.0.0.1"


@pytest.mark.parametrize(
    "command", [("compose", "--file", str(COMPOSE), "config"), ("stack", "config", "-c", str(STACK))]
)
def test_without_the_socket_s_group_it_says_what_to_set(docker: DockerClient, command: tuple[str, ...]) -> None:
    code, _, err = docker.run(*command)
    assert code != 0
    assert "DOCKER_GID is missing a value: set it to the group of the socket" in err


def test_with_the_proxy_the_exporter_has_neither_the_socket_nor_its_group(docker: DockerClient) -> None:
    services = composed(docker, COMPOSE, PROXY, **GROUP)
    exporter, proxy = services["exporter"], services["socket-proxy"]
    targets = [volume["target"] for volume in exporter["volumes"]]
    assert targets == ["/run/socket-proxy", "/host/sys/fs/cgroup", "/var/run/docker/netns"]
    assert exporter["environment"]["DOCKERNET_DOCKER_HOST"] == "unix:///run/socket-proxy/docker.sock"
    assert (exporter["cap_add"], "pid" in exporter) == (["NET_ADMIN"], False)
    assert (exporter["group_add"], proxy["group_add"]) == (["65533"], ["999"])
    assert proxy["user"] == "65533:65533"  # the image's own, which the exporter is, is 65534


@pytest.mark.parametrize(
    ("opt_in", "capabilities"),
    [
        ("compose-processes.yml", {"SYS_PTRACE", "DAC_READ_SEARCH"}),
        ("compose-overlays.yml", {"SYS_ADMIN"}),
        ("compose-bind-failures.yml", {"BPF", "PERFMON", "DAC_READ_SEARCH"}),
    ],
)
def test_each_opt_in_adds_its_capabilities_to_the_one(
    docker: DockerClient, opt_in: str, capabilities: set[str]
) -> None:
    exporter = composed(docker, COMPOSE, DEPLOY / opt_in, **GROUP)["exporter"]
    assert set(exporter["cap_add"]) == {"NET_ADMIN"} | capabilities
    assert (exporter.get("pid") == "host") == (opt_in == "compose-processes.yml")
    assert len(exporter["volumes"]) == (4 if opt_in == "compose-bind-failures.yml" else 3)


@pytest.mark.parametrize("opt_in", [(), (DEPLOY / "swarm-overlays.yml",)], ids=["as it is", "with overlays"])
def test_the_stack_is_valid_and_runs_on_every_node(docker: DockerClient, opt_in: tuple[Path, ...]) -> None:
    files = [word for file in (STACK, *opt_in) for word in ("--compose-file", str(file))]
    code, out, err = docker.run("stack", "config", *files, env=GROUP)
    assert code == 0, err
    services = yaml.safe_load(out)["services"]
    exporter, proxy = services["exporter"], services["socket-proxy"]
    assert (exporter["deploy"]["mode"], exporter["user"]) == ("global", "65534:65534")
    assert (proxy["deploy"]["mode"], proxy["user"]) == ("global", "65533:999")
    assert set(exporter["cap_add"]) == ({"NET_ADMIN", "SYS_ADMIN"} if opt_in else {"NET_ADMIN"})
