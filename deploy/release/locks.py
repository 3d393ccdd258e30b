"""Reads lock files."""

from collections.abc import Iterator

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def pinned(text: str) -> Iterator[Requirement]:
    """The requirements of a lock, without their hashes."""
    for line in text.splitlines():
        if line and not line.startswith((" ", "#")):
            yield Requirement(line.removesuffix("\\"))


def installable(text: str) -> dict[str, str]:
    """The version of each package that the lock installs on this machine, by canonical name."""
    return {
        canonicalize_name(pin.name): str(pin.specifier).removeprefix("==")
        for pin in pinned(text)
        if pin.marker is None or pin.marker.evaluate()
    }
