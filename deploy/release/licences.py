"""Write docs/licences.md, the licences of all locked dependencies: `make licences`."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from packaging.utils import canonicalize_name

from deploy.release.locks import installable

REPOSITORY = Path(__file__).parents[2]
PAGE = REPOSITORY / "docs/licences.md"
# Packages whose metadata names no licence; read from the LICENSE file that they install.
READ_FROM_FILE = {"axe-playwright-python": "MIT", "promql-parser": "MIT"}
UNKNOWN = "UNKNOWN"
INTRODUCTION = """\
# Licences

dockernet-exporter has the licence [Apache-2.0](../LICENSE).
`make licences` writes this page from the metadata of the locked packages on Python 3.11; a test compares it with them.
Where a package offers a choice of licences, the project uses it under the one that is compatible with Apache-2.0.
"""
TABLES = {
    "Installed with the exporter": ("requirements.lock",),
    "Used for development, tests and releases, not distributed": ("requirements-build.lock", "requirements-dev.lock"),
}


def main() -> int:
    """Write the page; exit code 1 if a licence is unknown."""
    licences = installed_licences()
    PAGE.write_text(page(licences))
    if unknown := unknown_in(licences):
        print(f"licences: not known: {', '.join(unknown)}", file=sys.stderr)
    return int(bool(unknown))


def installed_licences() -> dict[str, str]:
    """The licence of each installed package, by canonical name."""
    argv = (sys.executable, "-m", "piplicenses", "--from=mixed", "--with-system", "--format=json")
    listing = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    found: dict[str, str] = {canonicalize_name(entry["Name"]): entry["License"] for entry in json.loads(listing)}
    return found | {name: licence for name, licence in READ_FROM_FILE.items() if found.get(name) == UNKNOWN}


def dependencies() -> Iterator[tuple[str, dict[str, str]]]:
    """The title of each table, and the version of each package in it; a package is in the first that has it."""
    listed = set[str]()
    for title, files in TABLES.items():
        texts = [(REPOSITORY / file).read_text() for file in files]
        versions = {name: version for text in texts for name, version in installable(text).items()}
        yield title, {name: versions[name] for name in sorted(versions.keys() - listed)}
        listed |= versions.keys()


def unknown_in(licences: Mapping[str, str]) -> list[str]:
    """The dependencies without a known licence."""
    return [name for _, versions in dependencies() for name in versions if licences.get(name, UNKNOWN) == UNKNOWN]


def page(licences: Mapping[str, str]) -> str:
    """The whole page."""
    lines = [INTRODUCTION]
    for title, versions in dependencies():
        rows = (f"| {name} | {version} | {licences.get(name, UNKNOWN)} |" for name, version in versions.items())
        lines += [f"## {title}\n", "| package | version | licence |", "|---|---|---|", *rows, ""]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
