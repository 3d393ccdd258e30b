from pathlib import Path

import pytest

from tests.support.private_host.apt import PackageUnavailableError
from tests.support.private_host.packages import unpacked, version_of


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DOCKERNET_ENGINES", str(tmp_path))
    # no packaging program is found
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def test_a_package_in_the_cache_is_not_fetched_again(cache: Path) -> None:
    folder = cache / "trixie" / "docker.io_26.1.5"
    folder.mkdir(parents=True)
    assert unpacked("trixie", "docker.io") == [folder]
    assert version_of(folder) == "26.1.5"


def test_a_machine_without_apt_has_a_reason_to_skip_and_an_empty_cache(cache: Path) -> None:
    with pytest.raises(PackageUnavailableError, match="apt-get is not on this machine"):
        unpacked("sid", "docker.io")
    assert [path.name for path in cache.glob("sid/*")] == ["lock"]
