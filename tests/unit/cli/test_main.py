"""The program as an operator meets it: one clear line for what cannot work, and an end within two seconds."""

import signal
import socket
import time

import pytest

from exporter import __version__
from tests.support.command_line import run_main
from tests.support.hanging_engine import hanging_engine
from tests.support.program import LOOPBACK, NO_ENGINE, get, listening, on_this_machine, started


def test_the_version_is_one_line_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_main(capsys, "--version") == (0, f"dockernet-exporter {__version__}\n", "")


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_the_help_is_on_standard_output(capsys: pytest.CaptureFixture[str], option: str) -> None:
    code, out, err = run_main(capsys, option)
    assert (code, err) == (0, "")
    assert "--web.listen-address" in out
    assert "..." not in out.partition("Commands:")[2]


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        (("--no-such-flag",), "--no-such-flag"),
        (("no-such-command",), "no-such-command"),
        (("--web.listen-address", "nonsense"), "--web.listen-address"),
        (("--web.telemetry-path", "metrics"), "--web.telemetry-path"),
        (("--docker.host", "nonsense://"), "--docker.host"),
        (("--docker.host", "tcp://"), "--docker.host"),
        (("--docker.host", "unix://"), "expected unix://PATH or tcp://HOST:PORT"),
        (("--docker.host", "ssh://root@h"), "expected unix://PATH or tcp://HOST:PORT"),
        (("--docker.host", "tcp://h:99999"), "expected unix://PATH or tcp://HOST:PORT"),
        (("--path.procfs", "/nowhere"), "--path.procfs"),
        (("--path.sysfs", "/dev/null"), "--path.sysfs"),
        (("--limits.series", "-1"), "--limits.series"),
        (("--limits.series", "many"), "--limits.series': 'many' is not a valid whole number."),
        (("top", "--interval", "x"), "--interval': 'x' is not a valid number."),
        (("--log.level", "loud"), "--log.level"),
        (("--log.format", "xml"), "--log.format"),
        (("check", "--no-such-flag"), "--no-such-flag"),
        (("explain", ""), "''"),
        (("explain", "tcp/99999"), "tcp/8080"),
        (("explain", "web:80"), "the name or ID of a container"),
    ],
)
def test_what_cannot_work_is_one_line_that_names_it(
    capsys: pytest.CaptureFixture[str], flags: tuple[str, ...], named: str
) -> None:
    code, out, err = run_main(capsys, "--docker.host", NO_ENGINE, *flags)
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert err.startswith("dockernet-exporter: ")
    assert named in err


@pytest.mark.parametrize(
    "address",
    [
        "192.0.2.1:9714",
        "no-such-host.invalid:9714",
        pytest.param(
            "a..b:9714",
        ),
    ],
)
def test_an_address_that_cannot_be_had_is_one_line_and_no_traceback(address: str) -> None:
    with started("--docker.host", NO_ENGINE, "--web.listen-address", address) as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "Traceback" not in err
    assert err.splitlines()[-1].startswith(f"dockernet-exporter: --web.listen-address: {address}: ")


def test_an_address_in_use_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with started("--docker.host", NO_ENGINE, "--web.listen-address", address) as process:
            _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert err.splitlines()[-1] == f"dockernet-exporter: --web.listen-address: {address}: Address already in use"


def test_without_an_engine_it_serves_and_says_so() -> None:
    with started("--docker.host", NO_ENGINE, *LOOPBACK) as process:
        address = listening(process)
        status, text = get(address, "/metrics")
    assert status == 200
    assert "\ndockernet_up 0.0\n" in text
    assert "\nprocess_resident_memory_bytes " in text
    assert 'dockernet_scrape_collector_success{collector="link_stats"} 1.0\n' in text


def test_a_wrong_environment_variable_is_one_line_too() -> None:
    with started("--docker.host", NO_ENGINE, env={"DOCKERNET_LIMITS_SERIES": "many"}) as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert err.startswith("dockernet-exporter: ")
    assert "many" in err


def test_an_environment_variable_says_where_to_listen_and_what_to_leave_out() -> None:
    env = {"DOCKERNET_WEB_LISTEN_ADDRESS": "127.0.0.1:0", "DOCKERNET_WEB_DISABLE_EXPORTER_METRICS": "1"}
    with started("--docker.host", NO_ENGINE, env=env) as process:
        address = listening(process)
        assert address.startswith("127.0.0.1:")
        assert "process_resident_memory_bytes" not in get(address, "/metrics")[1]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_within_two_seconds(number: signal.Signals) -> None:
    began = time.monotonic()
    with started("--docker.host", NO_ENGINE, *LOOPBACK) as process:
        address = listening(process)
        two_seconds = on_this_machine(2, began)
        with socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2]))) as idle:
            idle.sendall(b"GET / HTTP/1.1\r\nHost: kept\r\n\r\n")
            assert idle.recv(1)
            process.send_signal(number)
            assert process.wait(two_seconds) == 0


def test_a_signal_ends_it_within_two_seconds_while_the_engine_hangs() -> None:
    with hanging_engine() as (url, asked):
        began = time.monotonic()
        with started("--docker.host", url, *LOOPBACK) as process:
            listening(process)
            two_seconds = on_this_machine(2, began)
            assert asked.wait(60)
            process.send_signal(signal.SIGTERM)
            assert process.wait(two_seconds) == 0


def test_a_history_of_an_unknown_kind_is_one_line_with_the_kinds_that_exist(capsys: pytest.CaptureFixture[str]) -> None:
    status, _, line = run_main(capsys, "history", "--kind", "container_dead")
    assert status == 2
    assert line.startswith("dockernet-exporter: --kind: unknown kind 'container_dead': expected one of")
    assert line.count("\n") == 1
    assert {"container_died", "missing_dnat"} <= set(line.replace(",", "").split())


def test_top_needs_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    status, _, line = run_main(capsys, "top")
    assert (status, "not a terminal" in line) == (2, True)
