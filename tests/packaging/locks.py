"""What a lock holds, and what is missing in it."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deploy.release.locks import installable

REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True)
class Lock:
    """A file of pinned requirements and where its first requirements stand in pyproject.toml."""

    file: str
    project: bool
    groups: tuple[str, ...]

    @property
    def text(self) -> str:
        """The content of the file."""
        return (REPOSITORY / self.file).read_text()

    def roots(self) -> list[Requirement]:
        """What pyproject.toml requires of this lock."""
        document = pyproject()
        own = document["project"]["dependencies"] if self.project else []
        return [Requirement(line) for line in [*own, *(line for g in self.groups for line in _group(document, g))]]


BUILD = Lock("requirements-build.lock", project=False, groups=("build",))
PROJECT = Lock("requirements.lock", project=True, groups=())
LOCKS = (BUILD, PROJECT, Lock("requirements-dev.lock", project=True, groups=("dev",)))


def pyproject() -> dict[str, Any]:
    """The project's own metadata."""
    return tomllib.loads((REPOSITORY / "pyproject.toml").read_text())


def _group(document: dict[str, Any], name: str) -> list[str]:
    return list(document["dependency-groups"][name])


def missing(text: str, roots: Iterable[Requirement]) -> set[str]:
    """The requirements that a lock does not meet. `pip check` finds the same, but none of an extra."""
    versions = installable(text)
    return {str(wanted) for wanted in requirements(versions, roots) if not _meets(versions, wanted)}


def closure(text: str, roots: Iterable[Requirement]) -> set[str]:
    """The packages of a lock that these requirements need, by canonical name."""
    versions = installable(text)
    return {canonicalize_name(wanted.name) for wanted in requirements(versions, roots) if _meets(versions, wanted)}


def requirements(versions: Mapping[str, str], roots: Iterable[Requirement]) -> Iterator[Requirement]:
    """The roots that apply to this machine, and what they require in turn as far as `versions` has it."""
    pending = [root for root in roots if root.marker is None or root.marker.evaluate()]
    visited = set[tuple[str, str]]()
    while pending:
        wanted = pending.pop()
        yield wanted
        name = canonicalize_name(wanted.name)
        if _meets(versions, wanted):
            new = {(name, extra) for extra in ("", *wanted.extras)} - visited
            visited |= new
            pending += [required for key in new for required in _required(*key)]


def _meets(versions: Mapping[str, str], wanted: Requirement) -> bool:
    name = canonicalize_name(wanted.name)
    return name in versions and versions[name] in wanted.specifier


@cache
def _required(name: str, extra: str) -> tuple[Requirement, ...]:
    """What an installed package, or an extra of it, requires on this machine."""
    lines = map(Requirement, distribution(name).requires or ())
    return tuple(line for line in lines if line.marker is None or line.marker.evaluate({"extra": extra}))
