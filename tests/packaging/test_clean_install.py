import stat
import sys
from pathlib import Path

import pytest

from deploy.release import clean_install
from deploy.release.clean_install import CheckFailedError, CleanInstall
from exporter import __version__


@pytest.fixture
def install(tmp_path: Path) -> CleanInstall:
    """An environment whose programs are those of this one."""
    made = CleanInstall(tmp_path)
    write_script(made.python, f'exec {sys.executable} "$@"')
    return replaced(made, 'exec "$exporter" "$@"')


def write_script(path: Path, script: str) -> None:
    """Put a shell script in place of a program."""
    path.unlink(missing_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def replaced(install: CleanInstall, script: str) -> CleanInstall:
    """The same with a shell script for the exporter; $exporter in it is the real one."""
    program = Path(sys.executable).with_name(clean_install.NAME)
    write_script(install.python.with_name(clean_install.NAME), f"exporter={program}\n{script}")
    return install


def test_a_working_exporter_passes(install: CleanInstall) -> None:
    install.check(__version__)


def test_another_version_fails(install: CleanInstall) -> None:
    with pytest.raises(CheckFailedError, match=r"expected 'dockernet-exporter 0\.0\.0'"):
        install.check("0.0.0")


@pytest.mark.parametrize(
    ("argument", "script", "reason"),
    [
        ("check", "echo broken", "expected 'Usage: dockernet-exporter check'"),
        ("--web.listen-address", "exit 2", "exit code 2 and does not listen"),
        ("--web.listen-address", '"$exporter" "$@" & trap "kill $!; exit 3" TERM; wait', "got 'exit code 3'"),
    ],
)
def test_an_exporter_that_does_not_work_fails(install: CleanInstall, argument: str, script: str, reason: str) -> None:
    replaced(install, f'case $1 in {argument}) {script} ;; *) exec "$exporter" "$@" ;; esac')
    with pytest.raises(CheckFailedError, match=reason):
        install.check(__version__)
