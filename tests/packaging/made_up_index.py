"""A folder of made-up wheels that stands for a package index: the locked releases and newer ones.

A wheel has the name, the version, the requirements and the extras of the real one, and no code.
"""

import base64
import hashlib
import zipfile
from collections.abc import Iterable, Mapping
from importlib.metadata import distribution
from pathlib import Path

from packaging.utils import canonicalize_name

NEWER = "9999"


def make_wheel(folder: Path, name: str, version: str, metadata: Iterable[str] = ()) -> Path:
    """Write a wheel without code; `metadata` are lines such as `Requires-Dist: x`."""
    stem = f"{canonicalize_name(name).replace('-', '_')}-{version}"
    lines = ("Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", *metadata)
    files = {
        f"{stem}.dist-info/METADATA": "\n".join([*lines, ""]),
        f"{stem}.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = [f"{file},sha256={_digest(text)},{len(text.encode())}" for file, text in files.items()]
    files[f"{stem}.dist-info/RECORD"] = "\n".join([*record, f"{stem}.dist-info/RECORD,,", ""])
    wheel = folder / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for file, text in files.items():
            # the same bytes each time: no date of today
            archive.writestr(zipfile.ZipInfo(file), text)
    return wheel


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def requirements_of(name: str) -> list[str]:
    """The metadata of the installed package that a resolver reads."""
    metadata = distribution(name).metadata
    extras = [f"Provides-Extra: {extra}" for extra in metadata.get_all("Provides-Extra") or ()]
    return [*extras, *(f"Requires-Dist: {line}" for line in metadata.get_all("Requires-Dist") or ())]


def add_locked(folder: Path, versions: Mapping[str, str]) -> str:
    """Make a wheel of each package in this version; a lock with the hashes of these wheels."""
    lines = []
    for name, version in sorted(versions.items()):
        wheel = make_wheel(folder, name, version, requirements_of(name))
        lines.append(f"{name}=={version} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n")
    return "".join(lines)


def add_newer(folder: Path, names: Iterable[str]) -> None:
    """Publish a newer release of each package, with the same extras."""
    for name in names:
        make_wheel(folder, name, NEWER, [line for line in requirements_of(name) if "Provides-Extra" in line])
