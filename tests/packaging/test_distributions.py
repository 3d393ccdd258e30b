import subprocess
import sys
import tarfile
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest

from exporter import __version__
from tests.packaging.locks import REPOSITORY, pyproject


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist and the wheel of this checkout."""
    folder = tmp_path_factory.mktemp("dist")
    argv = (sys.executable, "-m", "hatchling", "build", "--directory", str(folder))
    subprocess.run(argv, cwd=REPOSITORY, check=True, capture_output=True)
    return folder


def only(dist: Path, pattern: str) -> Path:
    """The one file that the pattern matches."""
    (file,) = dist.glob(pattern)
    return file


def git(*arguments: str) -> list[str]:
    """The lines that git prints; a skipped test outside of a repository."""
    done = subprocess.run(["git", "-C", REPOSITORY, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("not a git repository: an unpacked sdist")
    return done.stdout.splitlines()


def wheel_metadata(dist: Path) -> Message:
    """The wheel's METADATA."""
    with zipfile.ZipFile(only(dist, "*.whl")) as wheel:
        (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
        return Parser().parsestr(wheel.read(name).decode())


def test_the_sdist_has_every_file_of_the_repository(dist: Path) -> None:
    files = git("ls-files", "--cached", "--others", "--exclude-standard")
    with tarfile.open(only(dist, "*.tar.gz")) as sdist:
        packed = {name.partition("/")[2] for name in sdist.getnames()}
    assert packed - {"PKG-INFO"} == {file for file in files if (REPOSITORY / file).exists()}


def test_the_wheel_has_the_package_its_type_marker_and_the_licence_and_nothing_else(dist: Path) -> None:
    with zipfile.ZipFile(only(dist, "*.whl")) as wheel:
        names = set(wheel.namelist())
    information = f"dockernet_exporter-{__version__}.dist-info"
    own = {name for name in names if name.startswith("exporter/")}
    assert own >= {"exporter/py.typed", "exporter/__init__.py", "exporter/core/__init__.py"}
    files = ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE")
    assert names - own == {f"{information}/{file}" for file in files}


def test_the_wheels_metadata_names_licence_authors_and_types(dist: Path) -> None:
    metadata = wheel_metadata(dist)
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["License-File"] == "LICENSE"
    assert metadata["Author"] == "dockernet-exporter maintainers"
    assert "Typing :: Typed" in metadata.get_all("Classifier", [])


def test_the_version_comes_from_pyproject_alone(dist: Path) -> None:
    assert wheel_metadata(dist)["Version"] == __version__ == pyproject()["project"]["version"]
    quoted = git(
        "grep", "--files-with-matches", "--fixed-strings", f'"{__version__}"', "--", "deploy", "exporter", "*.toml"
    )
    assert quoted == ["pyproject.toml"]
