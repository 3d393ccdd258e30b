"""The compose and stack files: their settings beside the program's flags, and what the socket proxy allows."""

import re
from pathlib import Path

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
