import re
from importlib.metadata import version

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from deploy.release.locks import installable, pinned
from tests.packaging.locks import LOCKS, REPOSITORY, Lock, missing

BY_FILE = pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.file)
# Files with commands that install from a lock, for developers, the image and administrators.
WITH_COMMANDS = ("Makefile", "Dockerfile", ".ci/run", "docs/deployment.md", ".github/workflows/ci.yml")
INSTALLATION = re.compile(r"\bpip[^\n]* install\b[^\n]*(?:\\\n[^\n]*)*")


def without(text: str, name: str) -> str:
    """A lock that lacks one package."""
    blocks = re.split(r"^(?=\w)", text, flags=re.MULTILINE)
    return "".join(block for block in blocks if not block.startswith(f"{name}=="))


@BY_FILE
def test_a_lock_holds_all_that_its_packages_require(lock: Lock) -> None:
    assert missing(lock.text, lock.roots()) == set()


@BY_FILE
def test_a_lock_without_any_one_of_its_packages_is_incomplete(lock: Lock) -> None:
    installed = installable(lock.text)
    names = [pin.name for pin in pinned(lock.text) if canonicalize_name(pin.name) in installed]
    assert [name for name in names if not missing(without(lock.text, name), lock.roots())] == []


@BY_FILE
def test_a_lock_with_a_version_that_does_not_fit_is_incomplete(lock: Lock) -> None:
    root = lock.roots()[0]
    old = re.sub(rf"^{re.escape(root.name)}==\S+", f"{root.name}==0.0.1", lock.text, flags=re.MULTILINE)
    assert missing(old, lock.roots()) == {str(root)}


def test_what_an_extra_requires_is_not_forgotten() -> None:
    assert missing("requests==2.0\n", [Requirement("requests[socks]")]) >= {'PySocks!=1.5.7,>=1.5.6; extra == "socks"'}


@BY_FILE
def test_every_package_is_pinned_with_a_hash_and_no_address(lock: Lock) -> None:
    blocks = re.split(r"^(?=\w)", lock.text, flags=re.MULTILINE)
    entry = re.compile(r"[a-z0-9-]+==\S+(?: ; [^\\\n]+)? \\\n(?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+")
    assert [block.splitlines()[0] for block in blocks if block and not entry.fullmatch(block)] == []


@BY_FILE
def test_a_lock_holds_nothing_for_other_systems(lock: Lock) -> None:
    other = {"colorama", "pywin32", "pywin32-ctypes", "win-inet-pton"}
    assert {pin.name for pin in pinned(lock.text)} & other == set()


def test_a_package_has_one_version_in_all_locks() -> None:
    all_pins = {(pin.name, str(pin.specifier)) for lock in LOCKS for pin in pinned(lock.text)}
    assert len(all_pins) == len({name for name, _ in all_pins})


@BY_FILE
def test_what_is_installed_is_what_the_lock_holds(lock: Lock) -> None:
    expected = installable(lock.text)
    assert {name: Version(version(name)) for name in expected} == {
        name: Version(text) for name, text in expected.items()
    }


@pytest.mark.parametrize("file", WITH_COMMANDS)
def test_every_command_that_installs_from_a_lock_resolves_nothing(file: str) -> None:
    commands = [found[0] for found in INSTALLATION.finditer((REPOSITORY / file).read_text()) if ".lock" in found[0]]
    flags = ("--no-deps", "--require-hashes")
    assert [command for command in commands if not all(flag in command for flag in flags)] == []
    assert commands or file in {".ci/run", ".github/workflows/ci.yml"}
