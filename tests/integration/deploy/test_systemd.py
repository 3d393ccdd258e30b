"""The units, by systemd's own tool, which needs no running systemd."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.rule_files import REPOSITORY

FOLDER = REPOSITORY / "deploy/systemd"
SERVICE, SOCKET = "dockernet-exporter.service", "dockernet-exporter.socket"
MAX_EXPOSURE = 15  # tenths: systemd calls anything up to 2.0 protected well
DROP_INS = sorted(FOLDER.glob("*.conf"))


def analyze(*arguments: str) -> tuple[int, str]:
    """Exit code and output; a skipped test where there is no systemd."""
    if not (program := shutil.which("systemd-analyze")):
        pytest.skip("no systemd-analyze; on Debian: apt-get install systemd")
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """Copies of the units, whose program exists."""
    for name in (SERVICE, SOCKET):
        text = (FOLDER / name).read_text()
        (tmp_path / name).write_text(
            text.replace("ExecStart=/opt/dockernet-exporter/bin/dockernet-exporter", "ExecStart=/bin/true")
        )
    return tmp_path


def test_the_units_are_valid(units: Path) -> None:
    assert analyze("verify", "--man=no", str(units / SERVICE), str(units / SOCKET)) == (0, "")


def test_an_unknown_setting_is_not_valid(units: Path) -> None:
    with (units / SERVICE).open("a") as file:
        file.write("[Service]\nNoNewPriviledges=yes\n")
    _, said = analyze("verify", "--man=no", str(units / SERVICE))
    assert "NoNewPriviledges" in said


def exposure(path: Path) -> tuple[int, str]:
    """Exit code 0 when it is exposed no more than it may be, and systemd's last line."""
    code, said = analyze("security", "--offline=true", f"--threshold={MAX_EXPOSURE}", str(path))
    return code, said.splitlines()[-1]


def test_the_service_is_protected_well(units: Path) -> None:
    code, said = exposure(units / SERVICE)
    print(said)
    assert code == 0, said


def test_one_protection_less_is_not_enough(units: Path) -> None:
    text = (units / SERVICE).read_text()
    (units / SERVICE).write_text(text.replace("RestrictAddressFamilies=AF_UNIX AF_NETLINK\n", ""))
    assert exposure(units / SERVICE)[0] != 0


@pytest.mark.parametrize("drop_in", DROP_INS, ids=lambda path: path.name)
def test_each_drop_in_is_valid_and_exposes_more(units: Path, drop_in: Path) -> None:
    folder = units / f"{SERVICE}.d"
    folder.mkdir()
    (folder / drop_in.name).write_text(drop_in.read_text())
    assert analyze("verify", "--man=no", str(units / SERVICE), str(units / SOCKET)) == (0, "")
    assert exposure(units / SERVICE)[0] != 0
