import sys
import tomllib
from importlib.metadata import metadata

import pytest

from deploy.release import licences

INSTALLED = licences.installed_licences()


def test_no_dependency_has_an_unknown_licence() -> None:
    assert licences.unknown_in(INSTALLED) == []


@pytest.mark.parametrize("name", ["aiohttp", "hatchling", "pytest"])
def test_a_dependency_without_a_licence_is_found(name: str) -> None:
    assert licences.unknown_in({**INSTALLED, name: licences.UNKNOWN}) == [name]
    assert licences.unknown_in({other: text for other, text in INSTALLED.items() if other != name}) == [name]


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="the page lists what Python 3.11 needs")
def test_the_page_is_current() -> None:
    """`make licences` writes it anew."""
    assert licences.PAGE.read_text() == licences.page(INSTALLED)


def test_what_is_installed_with_the_exporter_may_be_distributed_with_it() -> None:
    """No licence in the first table demands more of a distributor than Apache-2.0 or, by file, MPL-2.0."""
    _, runtime = next(licences.dependencies())
    copyleft = ("GPL", "General Public License", "AGPL")
    only = [name for name in runtime if any(word in INSTALLED[name] for word in copyleft)]
    assert [name for name in only if " OR Apache-2.0" not in INSTALLED[name]] == []


@pytest.mark.parametrize("name", licences.READ_FROM_FILE)
def test_a_licence_is_read_from_a_file_only_where_the_metadata_has_none(name: str) -> None:
    fields = metadata(name)
    assert "License-Expression" not in fields
    assert "License" not in fields
    assert [line for line in fields.get_all("Classifier") or () if line.startswith("License ::")] == []


def test_the_project_names_its_own_licence() -> None:
    project = tomllib.loads((licences.REPOSITORY / "pyproject.toml").read_text())["project"]
    text = (licences.REPOSITORY / "LICENSE").read_text()
    assert (project["license"], project["license-files"]) == ("Apache-2.0", ["LICENSE"])
    assert "Apache License\n                           Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text
