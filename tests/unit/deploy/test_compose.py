"""The compose and stack files: their settings beside the program's flags, and what the socket proxy allows."""

import re
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from exporter.cli.main import cli
from tests.support.fake_engine import FakeEngine
from tests.support.program import LOOPBACK, started
from tests.support.rule_files import REPOSITORY
from tests.support.waiting import until

DEPLOY = REPOSITORY / "deploy"
COMPOSE, PROXY, STACK = (DEPLOY / name for name in ("compose.yml", "compose-socket-proxy.yml", "swarm-stack.yml"))
OPT_INS = [DEPLOY / f"{name}.yml" for name in ("compose-processes", "compose-overlays", "compose-bind-failures")]
OPT_INS += [DEPLOY / "swarm-overlays.yml"]


@pytest.mark.parametrize(
    "path", [COMPOSE, PROXY, STACK, *OPT_INS, *sorted((DEPLOY / "systemd").iterdir())], ids=lambda path: path.name
)
def test_every_setting_is_a_flag_of_the_program(path: Path) -> None:
    parameters = [parameter for parameter in cli.params if isinstance(parameter, click.Option)]
    flags = {f"DOCKERNET_{parameter.name}".upper() for parameter in parameters}
    assert set(re.findall(r"DOCKERNET_[A-Z_]*[A-Z]", path.read_text())) <= flags


class Tolerant(yaml.SafeLoader):
    """Takes compose's own tags for nothing."""


Tolerant.add_multi_constructor("!", lambda *_: None)


def services(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.load(path.read_text(), Loader=Tolerant)["services"]  # noqa: S506
    return found


def allowed(path: str, file: Path = PROXY) -> bool:
    """Whether the proxy lets a GET through; it anchors the pattern itself."""
    command = services(file)["socket-proxy"]["command"]
    (pattern,) = [word.removeprefix("-allowGET=") for word in command if word.startswith("-allowGET=")]
    return re.fullmatch(pattern, path) is not None


@pytest.mark.parametrize("path", [COMPOSE, STACK], ids=lambda path: path.name)
def test_the_exporter_has_one_capability_no_processes_and_nothing_writable(path: Path) -> None:
    exporter = services(path)["exporter"]
    assert exporter["cap_add"] == ["NET_ADMIN"]
    assert {"privileged", "pid", "ipc", "security_opt"}.isdisjoint(exporter)
    mounts = [mount if isinstance(mount, str) else mount["target"] for mount in exporter["volumes"]]
    writable = [
        mount
        for mount in exporter["volumes"]
        if not (mount.endswith(":ro") if isinstance(mount, str) else mount["read_only"])
    ]
    assert writable == [], mounts


@pytest.mark.parametrize("path", [COMPOSE, PROXY, STACK], ids=lambda path: path.name)
def test_every_service_drops_all_capabilities_and_writes_to_its_volumes_alone(path: Path) -> None:
    for name, service in services(path).items():
        if "image" not in service:  # what a further file adds to a service
            continue
        assert (service["cap_drop"], service["read_only"]) == (["ALL"], True), name
        # A Swarm has no such option. The exporter's capability is its file's, and it sets the same by itself.
        if path != STACK and name != "exporter":
            assert service["security_opt"] == ["no-new-privileges:true"], name


def test_only_the_proxy_has_the_engine_s_socket_in_a_swarm() -> None:
    having = [name for name, service in services(STACK).items() if "docker.sock:/" in str(service["volumes"])]
    assert having == ["socket-proxy"]


def test_no_account_of_grafana_has_a_published_password() -> None:
    environment = services(COMPOSE)["grafana"]["environment"]
    assert environment["GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION"] == "true"
    assert (environment["GF_AUTH_ANONYMOUS_ORG_ROLE"], environment["GF_AUTH_DISABLE_LOGIN_FORM"]) == ("Viewer", "true")


def test_the_proxy_of_a_swarm_lets_the_same_through_and_the_list_of_nodes_for_prometheus() -> None:
    (ours,), (swarms,) = (
        [word for word in services(file)["socket-proxy"]["command"] if "allowGET" in word] for file in (PROXY, STACK)
    )
    assert swarms.replace("|nodes|", "|") == ours
    assert allowed("/v1.51/nodes", STACK)
    assert not allowed("/nodes/a/update", STACK)


def test_the_proxy_lets_all_through_that_the_exporter_asks_for(tmp_path: Path) -> None:
    engine = FakeEngine(tmp_path)
    engine.appear_silently("web")
    engine.appear()
    wanted = {"/version", "/info", "/events", "/containers/json", "/containers/web-id/json", "/networks/bridge-net"}
    try:
        with started("--docker.host", engine.url, *LOOPBACK):
            until(lambda: wanted <= set(engine.asked), 60, "all that it asks for")
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
