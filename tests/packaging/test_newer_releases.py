"""The installation commands of Makefile and Dockerfile on an index that has newer releases than the locks."""

import os
import re
import shlex
import subprocess
import venv
from functools import cache
from pathlib import Path

import pip
import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from deploy.release.locks import installable
from tests.packaging import made_up_index
from tests.packaging.locks import BUILD, LOCKS, PROJECT, REPOSITORY, Lock, closure

Command = list[str]
OWN = "dockernet-exporter"
TOOLS, RUNTIME = "tools", "runtime"
# Some requirements of each lock stand for all: pip takes 0.1 s for each package.
PART = {"editables", "pytest-cov", "rich"}
# Each test starts pip several times, each time for about a second of a processor.
pytestmark = pytest.mark.timeout(600)
# Older releases take coverage[toml] for a requirement without hashes although coverage is pinned with some.
EXTRAS_FIXED = Version("23.3")


def make_commands() -> list[Command]:
    """What `make develop` runs to install from the locks, and to check the result."""
    makefile = (REPOSITORY / "Makefile").read_text().partition("\ncheck:")[0]
    return [shlex.split(line) for line in re.findall(r"^\t\$\(BIN\)/pip (.*)$", makefile, re.MULTILINE)]


def image_commands() -> dict[str, list[Command]]:
    """What the Dockerfile runs for the environment of the build tools and for that of the exporter."""
    dockerfile = (REPOSITORY / "Dockerfile").read_text().replace("\\\n", " ")
    instructions = re.split(r"^RUN |&&|\n", dockerfile, flags=re.MULTILINE)
    commands: dict[str, list[Command]] = {TOOLS: [], RUNTIME: []}
    for program, *words in filter(None, (shlex.split(part, comments=True) for part in instructions if "'" not in part)):
        if program == "tools/bin/pip":
            chosen = RUNTIME if words[0] == "--python" else TOOLS
            commands[chosen].append(words[2:] if chosen == RUNTIME else words)
    return commands


def from_index(command: Command) -> Command:
    """The same, but the project itself comes as a wheel: it is built by a real hatchling, which the index lacks."""
    own = {"--editable", ".", "--no-build-isolation", "dist/*.whl"}
    return [*(word for word in command if word not in own), OWN] if own & {*command} else command


def as_before(command: Command) -> Command:
    """The command that resolves again what the lock pins."""
    return [word for word in command if word != "--no-deps"]


@cache
def part_of(lock: Lock) -> dict[str, str]:
    """The version of each package of a lock that PART needs."""
    roots = [root for root in lock.roots() if root.name in PART]
    needed = closure(lock.text, roots)
    return {name: version for name, version in installable(lock.text).items() if name in needed}


class Index:
    """A folder of wheels, and locks with the hashes of these wheels."""

    def __init__(self, folder: Path) -> None:
        """Make wheels of the locked releases, and of the project itself."""
        self.folder, self.wheels = folder, folder / "wheels"
        self.wheels.mkdir(parents=True)
        for lock in LOCKS:
            (folder / lock.file).write_text(made_up_index.add_locked(self.wheels, part_of(lock)))
        required = [f"Requires-Dist: {root}" for root in PROJECT.roots() if root.name in PART]
        made_up_index.make_wheel(self.wheels, OWN, "1", required)

    def publish_newer(self) -> None:
        """Add a newer release of every package."""
        made_up_index.add_newer(self.wheels, locked(*LOCKS))

    def leave_out(self, name: str) -> None:
        """Take a package out of every lock."""
        for lock in LOCKS:
            file = self.folder / lock.file
            file.write_text(re.sub(rf"^{name}==.*\n", "", file.read_text(), flags=re.MULTILINE))

    def run(self, commands: list[Command]) -> str | None:
        """Run pip's commands on a new environment until one fails; what that one reports, None if none fails."""
        venv.create(self.folder / "venv", clear=True, with_pip=False)
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
        sources = {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.wheels)}
        # what `pip --python` starts, without the start of pip that starts it
        runner = Path(pip.__file__).with_name("__pip-runner__.py")
        pip_there = [str(self.folder / "venv/bin/python"), str(runner), "--no-cache-dir"]
        for command in map(from_index, commands):
            argv, environment = [*pip_there, *command], {**inherited, **sources}
            done = subprocess.run(argv, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)
            if done.returncode:
                return done.stdout + done.stderr
        return None

    def installed(self) -> dict[str, str]:
        """The version of each package in the environment."""
        folders = (self.folder / "venv").glob("lib/*/site-packages/*.dist-info")
        stems = (folder.name.removesuffix(".dist-info").rpartition("-") for folder in folders)
        return {canonicalize_name(name): version for name, _, version in stems if canonicalize_name(name) != OWN}


@pytest.fixture
def index(tmp_path: Path) -> Index:
    """An index with the locked releases alone."""
    return Index(tmp_path)


def locked(*locks: Lock) -> dict[str, str]:
    """The version of each package that PART needs of these locks."""
    return {name: version for lock in locks for name, version in part_of(lock).items()}


def test_the_commands_are_found() -> None:
    """A test of no command would always pass."""
    image = image_commands()
    assert [command[0] for command in make_commands()] == ["install", "install", "install", "check", "install", "check"]
    assert [command[0] for command in image[TOOLS]] == ["install", "check", "wheel"]
    assert [command[0] for command in image[RUNTIME]] == ["install", "install", "check"]


def test_newer_releases_do_not_change_what_make_installs(index: Index) -> None:
    index.publish_newer()
    assert index.run(make_commands()) is None
    assert index.installed() == locked(*LOCKS)


def test_newer_releases_do_not_change_what_the_image_installs(index: Index) -> None:
    index.publish_newer()
    commands = image_commands()
    assert index.run([command for command in commands[TOOLS] if command[0] != "wheel"]) is None
    assert index.installed() == locked(BUILD)
    assert index.run(commands[RUNTIME]) is None
    assert index.installed() == locked(PROJECT)


@pytest.mark.skipif(Version(pip.__version__) >= EXTRAS_FIXED, reason=f"pip {pip.__version__} finds the pinned release")
def test_newer_releases_break_an_installation_that_resolves_again(index: Index) -> None:
    commands = [as_before(command) for command in make_commands() if command[-1] == "requirements-dev.lock"]
    assert index.run(commands) is None
    index.publish_newer()
    report = index.run(commands)
    assert "In --require-hashes mode, all requirements must have their versions pinned" in (report or "")
    assert "coverage" in (report or "")


@pytest.mark.parametrize(
    ("name", "requiring"),
    [("rich", OWN), ("iniconfig", "pytest")],
)
def test_an_incomplete_lock_is_reported(index: Index, name: str, requiring: str) -> None:
    index.leave_out(name)
    report = index.run(make_commands())
    assert re.search(rf"^{requiring} \S+ requires {name}, which is not installed", report or "", re.MULTILINE)
