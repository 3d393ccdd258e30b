"""Imports point inward, and no file or function grows into a drawer."""

import ast
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import exporter

PACKAGE = Path(exporter.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
LONGEST_FILE, LONGEST_FUNCTION = 250, 40

# What a part of the package may import beside itself: parts of the package, and the top level of anything else.
PURE = {
    "collections",
    "dataclasses",
    "enum",
    "functools",
    "ipaddress",
    "itertools",
    "operator",
    "re",
    "string",
    "types",
    "typing",
}
STANDARD = set(sys.stdlib_module_names)
OUTER = STANDARD | {"structlog"}
MAY_IMPORT: Mapping[str, set[str]] = {
    "core": PURE,
    "docker_engine": {"core", "errors", "docker", "requests", "urllib3"} | OUTER,
    "kernel": {"core", "errors", "pyroute2"} | OUTER,
    "metrics": {"core", "prometheus_client", "psutil", "exporter"} | OUTER,
    "web": {"core", "errors", "aiohttp", "bcrypt", "isal", "yaml"} | OUTER,
    "monitor": {"core", "beside"} | OUTER,
    "beside": {"core", "nat", "ports", "binds"} | OUTER,
    "binds": {"core"} | OUTER,
    "ports": {"core"} | OUTER,
    "terminal": {"core", "rich"} | STANDARD,
    "nat": {"core"} | OUTER,
    "scraper": {"core"} | OUTER,
    "recent": {"core"} | OUTER,
    "config": {"errors"} | STANDARD,
    "errors": set(),
    "memory": STANDARD,
    "capabilities": STANDARD,
    "remote": {"errors", "requests"} | STANDARD,
    "healthcheck": {"config"} | STANDARD,
    "logs": OUTER,
}
MAY_IMPORT_ALL = {"cli", "commands", "daemon", "sides", "site", "one_shot", "__main__", "__init__"}


def part_of(module: str) -> str:
    """`exporter.core.model` is of `core`; anything else is its own top level."""
    top, _, rest = module.partition(".")
    return rest.partition(".")[0] or top if top == "exporter" else top


def imported(source: str) -> Iterator[str]:
    """The parts that a file imports, wherever in it; `from exporter import x` names a part or the package itself."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (part_of(alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from _imported_from(node)


def _imported_from(node: ast.ImportFrom) -> Iterator[str]:
    if node.level:
        yield "a relative import"
    elif node.module == "exporter":
        names = [alias.name for alias in node.names]
        yield from (name if name in MAY_IMPORT or name in MAY_IMPORT_ALL else "exporter" for name in names)
    else:
        yield part_of(node.module or "")


def forbidden(part: str, source: str) -> set[str]:
    """What a file of a part imports against the table."""
    return set() if part in MAY_IMPORT_ALL else set(imported(source)) - MAY_IMPORT[part] - {part}


def functions(source: str) -> Iterator[tuple[str, int]]:
    """Each function's name and how many lines it has."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def part(path: Path) -> str:
    """Which row of the table a file is in."""
    first, *_ = path.relative_to(PACKAGE).parts
    return first.removesuffix(".py")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_file_imports_what_its_part_may(path: Path) -> None:
    assert forbidden(part(path), path.read_text()) == set()


@pytest.mark.parametrize(
    ("where", "planted", "found"),
    [
        ("core", "import time", {"time"}),
        ("core", "import logging", {"logging"}),
        ("core", "from exporter.kernel.links import Link", {"kernel"}),
        ("core", "from exporter import monitor", {"monitor"}),
        ("core", "def f():\n    import os.path", {"os"}),
        ("core", "from . import model", {"a relative import"}),
        ("kernel", "from exporter.docker_engine import client", {"docker_engine"}),
        ("docker_engine", "import exporter.kernel.links as links", {"kernel"}),
        ("metrics", "from exporter.web.server import Server", {"web"}),
        ("metrics", "import aiohttp", {"aiohttp"}),
        ("web", "from exporter.metrics.exposition import TEXT", {"metrics"}),
        ("web", "if True:\n    from prometheus_client import Counter", {"prometheus_client"}),
        ("monitor", "from exporter.kernel.sampler import KernelSampler", {"kernel"}),
        ("errors", "import os", {"os"}),
        ("core", "from exporter.core.model import Link\nfrom dataclasses import dataclass", set()),
        ("cli", "import exporter.kernel.links, exporter.web.server", set()),
    ],
)
def test_a_planted_import_is_found(where: str, planted: str, found: set[str]) -> None:
    assert forbidden(where, planted) == found


def test_every_part_of_the_package_is_in_the_table() -> None:
    assert {part(path) for path in FILES} == MAY_IMPORT.keys() | MAY_IMPORT_ALL


def test_every_folder_of_the_package_is_a_package() -> None:
    folders = {path.parent for path in FILES}
    assert [folder for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_file_can_be_read_at_one_go(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST_FILE


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_function_fits_on_a_screen(path: Path) -> None:
    assert [name for name, lines in functions(path.read_text()) if lines > LONGEST_FUNCTION] == []


def test_a_long_function_is_found_wherever_it_is() -> None:
    lines = "\n".join(["        x = 1"] * LONGEST_FUNCTION)
    assert list(functions(f"class A:\n    async def long(self):\n{lines}")) == [("long", LONGEST_FUNCTION + 1)]
