"""Prometheus' own tool on all that is for Prometheus."""

import subprocess
from pathlib import Path

import pytest

from tests.support.families import exposed
from tests.support.private_host.engines import PackageUnavailableError, tool
from tests.support.recorded import RecordedHost, hosts
from tests.support.rule_files import ALERTS, RECORDING, SCRAPES, UNIT_TESTS


def promtool(*arguments: str, text: str = "") -> tuple[int, str]:
    """Exit code and output, with `text` on its standard input; a skipped test where Debian's package cannot be had."""
    try:
        program = tool("promtool")
    except PackageUnavailableError as error:
        pytest.skip(f"no promtool: {error}")
    done = subprocess.run([program, *arguments], input=text, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("path", [ALERTS, RECORDING], ids=lambda path: path.name)
def test_the_rules_are_valid_and_clean(path: Path) -> None:
    code, said = promtool("check", "rules", "--lint=all", "--lint-fatal", str(path))
    assert code == 0, said


@pytest.mark.parametrize("path", SCRAPES, ids=lambda path: path.name)
def test_the_configuration_is_valid_with_all_files_that_it_names(path: Path) -> None:
    code, said = promtool("check", "config", "--lint=all", "--lint-fatal", str(path))
    assert code == 0, said


@pytest.mark.parametrize("path", UNIT_TESTS, ids=lambda path: path.name)
def test_the_unit_tests_of_the_rules_pass(path: Path) -> None:
    code, said = promtool("test", "rules", str(path))
    assert code == 0, said


def test_a_wrong_expectation_fails(tmp_path: Path) -> None:
    text = next(path for path in UNIT_TESTS if path.name == "ports.yml").read_text()
    broken = tmp_path / "ports.yml"
    broken.write_text(text.replace("../alerts.yml", str(ALERTS)).replace("process nginx holds it", "nobody holds it"))
    code, said = promtool("test", "rules", str(broken))
    assert code != 0
    assert "DockernetPortTaken" in said


@pytest.mark.parametrize("host", hosts(), ids=lambda host: host.folder.name)
def test_the_exposition_of_a_recorded_host_is_clean(host: RecordedHost) -> None:
    assert promtool("check", "metrics", text=exposed(host.observation())) == (0, "")
