"""What flags and environment make of a Config."""

from pathlib import Path

import pytest

from exporter.cli.build_config import build_config
from exporter.cli.main import cli
from exporter.config import (
    COLLECTORS,
    Config,
    ListenAddress,
    choose_collectors,
    parse_labels,
    parse_listen_address,
    parse_telemetry_path,
)
from exporter.errors import ConfigError


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOCKER_HOST", raising=False)


def configured(*flags: str) -> Config:
    """What `dockernet-exporter FLAGS` would run with."""
    return build_config(cli.make_context("dockernet-exporter", list(flags)).params)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (":9714", ListenAddress(None, 9714)),
        (":0", ListenAddress(None, 0)),
        ("127.0.0.1:9714", ListenAddress("127.0.0.1", 9714)),
        ("[::1]:65535", ListenAddress("::1", 65535)),
        ("[::]:80", ListenAddress("::", 80)),
        ("localhost:80", ListenAddress("localhost", 80)),
    ],
)
def test_a_listen_address_is_host_and_port(text: str, address: ListenAddress) -> None:
    assert parse_listen_address(text) == address


WRONG_ADDRESSES = ["", "9714", ":", "127.0.0.1", "::1:9714", ":65536", ":-1", ":http", ": 9714", "[::1]", "[::1:9714"]


@pytest.mark.parametrize("text", WRONG_ADDRESSES)
def test_a_wrong_listen_address_is_named_with_its_flag(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^--web.listen-address: ") as caught:
        parse_listen_address(text)
    assert repr(text) in str(caught.value)


def test_a_port_of_five_thousand_digits_is_wrong() -> None:
    with pytest.raises(ConfigError):
        parse_listen_address(":" + "9" * 5000)


@pytest.mark.parametrize("text", ["/metrics", "/a/b-c_d.e", "/metrics/", "/%C3%A9"])
def test_a_path_of_the_metrics_may_be_any_plain_one(text: str) -> None:
    assert parse_telemetry_path(text) == text


WRONG_PATHS = ["", "metrics", "/", "/-/healthy", "/-/ready", "/{name}", "/metrics?x", "/a b", "/a#b"]


@pytest.mark.parametrize("text", WRONG_PATHS)
def test_a_wrong_path_of_the_metrics_is_named_with_its_flag(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^--web.telemetry-path: "):
        parse_telemetry_path(text)


def test_the_path_of_the_style_sheet_is_taken() -> None:
    with pytest.raises(ConfigError):
        parse_telemetry_path("/static/style.css")


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("", ()),
        (" , ,", ()),
        ("team", ("team",)),
        ("team, com.example/tier ,team", ("team", "com.example/tier")),
    ],
)
def test_labels_are_a_list_without_repetition(text: str, labels: tuple[str, ...]) -> None:
    assert parse_labels(text) == labels


def test_a_collector_is_as_its_flag_says_and_else_as_the_default() -> None:
    assert choose_collectors({}, disable_defaults=False) == COLLECTORS
    assert choose_collectors({}, disable_defaults=True) == ()
    assert choose_collectors({"veth": True}, disable_defaults=True) == ("veth",)
    without_veth = tuple(name for name in COLLECTORS if name != "veth")
    assert choose_collectors({"veth": False, "bridge": True}, disable_defaults=False) == without_veth


def test_without_flags_everything_is_as_config_says() -> None:
    assert configured() == Config()


def test_every_flag_arrives(tmp_path: Path) -> None:
    (tmp_path / "self").touch()
    flags = {
        "--web.listen-address": "127.0.0.1:1234",
        "--web.telemetry-path": "/m",
        "--docker.host": "tcp://127.0.0.1:2375",
        "--container.labels": "team,tier",
        "--path.procfs": str(tmp_path),
        "--path.sysfs": str(tmp_path),
        "--limits.series": "1000",
    }
    config = configured(
        *[word for pair in flags.items() for word in pair],
        "--web.listen-address",
        "[::1]:1234",
        "--web.disable-exporter-metrics",
        "--collector.disable-defaults",
        "--collector.endpoint",
    )
    assert config == Config(
        listen=(ListenAddress("127.0.0.1", 1234), ListenAddress("::1", 1234)),
        telemetry_path="/m",
        own_metrics=False,
        docker_host="tcp://127.0.0.1:2375",
        collectors=("endpoint",),
        container_labels=("team", "tier"),
        procfs=tmp_path,
        sysfs=tmp_path,
        series_limit=1000,
    )


WITHOUT_BINDS = tuple(name for name in COLLECTORS if name != "bind-failures")


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (("--collector.bind-failures",), Config()),
        (("--collector.bind-failures=auto",), Config()),
        (("--collector.bind-failures=tracepoint",), Config(bind_tracepoints=True)),
        (("--collector.bind-failures=off",), Config(collectors=WITHOUT_BINDS)),
        (("--no-collector.bind-failures",), Config(collectors=WITHOUT_BINDS)),
        (("--collector.bind-failures", "--collector.disable-defaults"), Config(collectors=("bind-failures",))),
    ],
)
def test_failed_binds_have_a_switch_that_permits_tracepoints(flags: tuple[str, ...], expected: Config) -> None:
    assert configured(*flags) == expected


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("DOCKERNET_WEB_LISTEN_ADDRESS", ":1 :2", Config(listen=(ListenAddress(None, 1), ListenAddress(None, 2)))),
        ("DOCKERNET_WEB_DISABLE_EXPORTER_METRICS", "true", Config(own_metrics=False)),
        ("DOCKERNET_WEB_DISABLE_EXPORTER_METRICS", "0", Config()),
        ("DOCKERNET_DOCKER_HOST", "tcp://a:1", Config(docker_host="tcp://a:1")),
        ("DOCKER_HOST", "tcp://a:1", Config(docker_host="tcp://a:1")),
        ("DOCKERNET_CONTAINER_LABELS", "team", Config(container_labels=("team",))),
        ("DOCKERNET_LIMITS_SERIES", "7", Config(series_limit=7)),
        (
            "DOCKERNET_COLLECTOR_VETH",
            "false",
            Config(collectors=tuple(name for name in COLLECTORS if name != "veth")),
        ),
        ("DOCKERNET_COLLECTOR_DISABLE_DEFAULTS", "1", Config(collectors=())),
        ("DOCKERNET_COLLECTOR_BIND_FAILURES", "tracepoint", Config(bind_tracepoints=True)),
        ("DOCKERNET_COLLECTOR_BIND_FAILURES", "true", Config()),
        ("DOCKERNET_COLLECTOR_BIND_FAILURES", "0", Config(collectors=WITHOUT_BINDS)),
    ],
)
def test_every_flag_is_an_environment_variable_too(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, expected: Config
) -> None:
    monkeypatch.setenv(variable, value)
    assert configured() == expected


def test_a_flag_counts_more_than_its_environment_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKERNET_LIMITS_SERIES", "7")
    monkeypatch.setenv("DOCKER_HOST", "tcp://a:1")
    assert configured("--limits.series", "8", "--docker.host", "tcp://b:2") == Config(
        series_limit=8, docker_host="tcp://b:2"
    )
