"""The compose and stack files, by Docker's own command line, and what they say against the program."""

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from exporter.cli.main import cli
from tests.support.clients import DockerClient
from tests.support.fake_engine import FakeEngine
from tests.support.private_host.engines import PackageUnavailableError
from tests.support.rule_files import REPOSITORY
from tests.support.waiting import until
from tests.unit.cli.test_main import LOOPBACK, started

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
    exporter = composed(docker, COMPOSE, PROXY, **GROUP)["exporter"]
    assert "group_add" not in exporter
    assert [volume["target"] for volume in exporter["volumes"]] == ["/run/socket-proxy", "/host/sys"]
    assert exporter["environment"]["DOCKERNET_DOCKER_HOST"] == "unix:///run/socket-proxy/docker.sock"


def test_the_stack_is_valid_and_runs_on_every_node(docker: DockerClient) -> None:
    code, out, err = docker.run("stack", "config", "--compose-file", str(STACK), env=GROUP)
    assert code == 0, err
    exporter = yaml.safe_load(out)["services"]["exporter"]
    assert (exporter["deploy"]["mode"], exporter["user"]) == ("global", "65534:999")


@pytest.mark.parametrize(
    "path", [COMPOSE, PROXY, STACK, *sorted((DEPLOY / "systemd").iterdir())], ids=lambda path: path.name
)
def test_every_setting_is_a_flag_of_the_program(path: Path) -> None:
    parameters = [parameter for parameter in cli.params if isinstance(parameter, click.Option)]
    flags = {f"DOCKERNET_{parameter.name}".upper() for parameter in parameters}
    assert set(re.findall(r"DOCKERNET_[A-Z_]*[A-Z]", path.read_text())) <= flags


def allowed(path: str) -> bool:
    """Whether the proxy lets a GET through; it anchors the pattern itself."""
    command = yaml.load(PROXY.read_text(), Loader=Tolerant)["services"]["socket-proxy"]["command"]  # noqa: S506
    (pattern,) = [word.removeprefix("-allowGET=") for word in command if word.startswith("-allowGET=")]
    return re.fullmatch(pattern, path) is not None


class Tolerant(yaml.SafeLoader):
    """Takes compose's own tags for nothing."""


Tolerant.add_multi_constructor("!", lambda *_: None)


def test_the_proxy_lets_all_through_that_the_exporter_asks_for(tmp_path: Path) -> None:
    engine = FakeEngine(tmp_path)
    engine.appear_silently("web")
    engine.appear()
    wanted = {"/version", "/info", "/events", "/containers/json", "/containers/web-id/json", "/networks/bridge-net"}
    try:
        with started("--docker.host", engine.url, *LOOPBACK):
            until(lambda: wanted <= set(engine.asked), 10, "all that it asks for")
    finally:
        engine.vanish()
    assert [path for path in set(engine.asked) if not (allowed(path) and allowed(f"/v1.41{path}"))] == []


@pytest.mark.parametrize(
    "path",
    [
        "/containers/web/archive",
        "/containers/web/export",
        "/containers/web/logs",
        "/v1.41/containers/web/attach/ws",
        "/containers/web/json/../archive",
        "/containers/a/b/json",
        "/secrets",
        "/exec/0a1b/json",
        "/images/json",
        "/v1.41/",
        "",
    ],
)
def test_the_proxy_lets_nothing_else_through(path: str) -> None:
    assert not allowed(path)
