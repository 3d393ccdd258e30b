"""Imports point inward, by folder; no file, function or folder is too large to read."""

import ast
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import exporter

PACKAGE = Path(exporter.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
MAX_FILE_LINES, MAX_FUNCTION_LINES, MAX_FOLDER_FILES, MAX_TOP_LEVEL = 250, 40, 25, 15

# Rooms, innermost first: a room imports from rooms of earlier rows of its group, never from its own row.
ORDER = {
    "core": (
        ("core.model", "core.findings"),
        ("core.topology",),
        ("core.traffic", "core.nat"),
        ("core.ports", "core.connections"),
        ("core.network",),
        ("core.observation",),
        ("core.history",),
        ("core.explain", "core.views"),
        ("core.reach",),
    ),
    "kernel": (
        ("kernel.libc",),
        ("kernel.netlink", "kernel.bpf", "kernel.proc", "kernel.read_source", "kernel.root_files", "kernel.kept_file"),
        ("kernel.periodic_reader", "kernel.late_call"),
        ("kernel.links", "kernel.conntrack", "kernel.firewall"),
        ("kernel.namespaces", "kernel.nat"),
        ("kernel.sockets",),
        ("kernel.bind_failures", "kernel.connections", "kernel.sampler", "kernel.reach"),
    ),
    "web": (
        ("web.http", "web.access", "web.page", "web.history_query", "web.pace", "web.negotiation", "web.compression"),
        ("web.worker_pool",),
        ("web.sse",),
        ("web.routes",),
        ("web.server",),
    ),
}
# What the rooms of a group import of the rest of the package; a group without rooms is one room.
GROUPS: Mapping[str, set[str]] = {
    "core": set(),
    "errors": set(),
    "log": set(),
    "config": {"errors"},
    "docker_engine": {"core", "errors", "log"},
    "kernel": {"core", "errors", "log"},
    "metrics": {"core", "exporter", "log"},
    "web": {"core", "errors", "log"},
    "monitor": {"core", "log"},
    "app": {"core", "errors", "log", "config", "docker_engine", "kernel", "metrics", "web", "monitor", "exporter"},
    "cli": {"core", "errors", "config", "docker_engine", "kernel", "metrics", "web", "monitor", "app", "exporter"},
    "__init__": set(),
    "__main__": {"cli"},
}
PURE = {
    "collections",
    "dataclasses",
    "enum",
    "errno",
    "functools",
    "ipaddress",
    "itertools",
    "msgspec",  # values: Struct, as dataclasses; nothing is written or read with it
    "operator",
    "re",
    "string",
    "types",
    "typing",
}
STANDARD = {"msgspec", *sys.stdlib_module_names}
LIBRARIES: Mapping[str, set[str]] = {
    "core": PURE,
    "errors": set(),
    "log": {"structlog"} | STANDARD,
    "config": STANDARD,
    "docker_engine": {"docker", "requests", "urllib3"} | STANDARD,
    "kernel": {"pyroute2", "psutil"} | STANDARD,
    "metrics": {"prometheus_client", "psutil"} | STANDARD,
    "web": {"bcrypt", "h11", "isal", "yaml"} | STANDARD,
    "monitor": STANDARD,
    "app": STANDARD,
    "cli": {"aiohttp", "click", "rich"} | STANDARD,
    "__init__": STANDARD,
    "__main__": {"signal"},
}
ROOMS = {room: (group, row) for group, rows in ORDER.items() for row, names in enumerate(rows) for room in names}


def group_of(module: str) -> str:
    """`core.nat.walker` is of `core`."""
    return module.partition(".")[0]


def room_of(module: str) -> str:
    """The room of a module of the package: `core.nat.walker` is in `core.nat`."""
    first, _, rest = module.partition(".")
    return f"{first}.{rest.partition('.')[0]}" if first in ORDER and rest else first


def imported(source: str) -> Iterator[str]:
    """Modules that a file imports, wherever in it; modules of the package without its name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from _imported_from(node)


def _imported_from(node: ast.ImportFrom) -> Iterator[str]:
    module = node.module or ""
    if node.level:
        yield "a relative import"
    elif module == "exporter" or (module.startswith("exporter.") and module.removeprefix("exporter.") in ORDER):
        yield from (f"{module}.{alias.name}" for alias in node.names)
    else:
        yield module


def is_allowed(importer: str, target: str) -> bool:
    """Whether a module of the package may import another module, named as `imported` names them."""
    group, top = group_of(importer), target.partition(".")[0]
    if top != "exporter":
        return top in LIBRARIES[group]
    inner = target.partition(".")[2] or "exporter"
    other = group_of(inner)
    if other not in GROUPS:
        other = "exporter"  # a name of the package itself, such as its version
    if other != group:
        return other in GROUPS[group]
    here, there = room_of(importer), room_of(inner)
    if here == there or group not in ORDER:
        return True
    return here in ROOMS and there in ROOMS and ROOMS[there][1] < ROOMS[here][1]


def forbidden(importer: str, source: str) -> set[str]:
    """What a module imports against the table."""
    return {target for target in imported(source) if not is_allowed(importer, target)}


def functions(source: str) -> Iterator[tuple[str, int]]:
    """Each function's name and number of lines."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def module_of(path: Path) -> str:
    """A file's module, without the package's name."""
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_file_imports_only_inner_rooms(path: Path) -> None:
    assert forbidden(module_of(path), path.read_text()) == set()


@pytest.mark.parametrize(
    ("where", "planted", "found"),
    [
        ("core.ports.context", "import time", {"time"}),
        ("core.ports.context", "import logging", {"logging"}),
        ("core.ports.context", "from exporter.kernel.links.links import Link", {"exporter.kernel.links.links"}),
        ("core.ports.context", "from exporter import monitor", {"exporter.monitor"}),
        ("core.ports.context", "def f():\n    import os.path", {"os.path"}),
        ("core.ports.context", "from . import model", {"a relative import"}),
        ("core.ports.claims", "from exporter.core.network.context import X", {"exporter.core.network.context"}),
        ("core.ports.rules.latent", "from exporter.core.explain import path", {"exporter.core.explain"}),
        ("core.ports.rules.latent", "from exporter.core import views", {"exporter.core.views"}),
        ("core.nat.walker", "from exporter.core.ports.scope import X", {"exporter.core.ports.scope"}),
        ("core.traffic.ledger", "from exporter.core.nat.ledger import X", {"exporter.core.nat.ledger"}),
        ("kernel.links.links", "from exporter.kernel.namespaces import resolver", {"exporter.kernel.namespaces"}),
        ("kernel.links.fdb", "from exporter.kernel.firewall.xt import X", {"exporter.kernel.firewall.xt"}),
        ("kernel.links.links", "from exporter.docker_engine import client", {"exporter.docker_engine"}),
        ("kernel.netlink.client", "import exporter.kernel.links.links", {"exporter.kernel.links.links"}),
        ("docker_engine.client", "import exporter.kernel.links as links", {"exporter.kernel.links"}),
        ("metrics.templated", "from exporter.web.server import Server", {"exporter.web.server"}),
        ("metrics.templated", "import aiohttp", {"aiohttp"}),
        ("web.routes", "from exporter.metrics.exposition import TEXT", {"exporter.metrics.exposition"}),
        ("web.page.svg", "from exporter.web.sse import X", {"exporter.web.sse"}),
        ("monitor.monitor", "from exporter.kernel.sampler import X", {"exporter.kernel.sampler"}),
        ("app.daemon", "from exporter.cli import main", {"exporter.cli"}),
        ("errors", "import os", {"os"}),
        ("core.topology.topology", "from exporter.core.model.docker import Link\nimport re", set()),
        ("core.network.rules.addresses_low", "from exporter.core.topology import topology", set()),
        ("app.daemon", "from exporter import __version__\nimport exporter.web.server.server", set()),
        ("cli.main", "import exporter.kernel.links, exporter.app.daemon, click", set()),
    ],
)  # fmt: skip
def test_a_planted_import_is_found(where: str, planted: str, found: set[str]) -> None:
    assert forbidden(where, planted) == found


# It sends packets from inside containers: what a request over HTTP may start must not reach it.
PROBE, PROBE_USERS = "kernel.reach.probe", {"cli"}


def uses_probe(importer: str, source: str) -> bool:
    """Whether a module outside of the probe imports it."""
    found = set(imported(source))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return not importer.startswith(PROBE) and any(f"{name}.".startswith(f"exporter.{PROBE}.") for name in found)


def test_only_the_command_line_may_try_connections() -> None:
    users = {module_of(path) for path in FILES if uses_probe(module_of(path), path.read_text())}
    assert {group_of(user) for user in users} <= PROBE_USERS


@pytest.mark.parametrize(
    ("planted", "found"),
    [
        ("from exporter.kernel.reach.probe.probe import probe", True),
        ("import exporter.kernel.reach.probe.dns", True),
        ("from exporter.kernel.reach import probe", True),
        ("from exporter.kernel.reach.visit import visiting", False),
    ],
)
def test_a_planted_import_of_the_probe_is_found(planted: str, *, found: bool) -> None:
    assert uses_probe("app.daemon", planted) is found


def test_every_module_is_in_a_room_of_the_table() -> None:
    assert {group_of(module_of(path)) or "__init__" for path in FILES} == GROUPS.keys()
    modules = {module_of(path) for path in FILES}
    assert {room_of(m) for m in modules if group_of(m) in ORDER} - ORDER.keys() <= ROOMS.keys()


def test_every_folder_of_the_package_is_a_package() -> None:
    folders = {path.parent for path in FILES}
    assert [folder for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []


def test_a_folder_fits_on_a_screen() -> None:
    sizes = {folder: len(list(folder.glob("*.py"))) for folder in {path.parent for path in FILES}}
    assert {str(folder): size for folder, size in sizes.items() if size > MAX_FOLDER_FILES} == {}
    assert len([entry for entry in PACKAGE.iterdir() if entry.name != "__pycache__"]) <= MAX_TOP_LEVEL


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_file_can_be_read_at_one_go(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MAX_FILE_LINES


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_function_fits_on_a_screen(path: Path) -> None:
    assert [name for name, lines in functions(path.read_text()) if lines > MAX_FUNCTION_LINES] == []


def test_a_long_function_is_found_wherever_it_is() -> None:
    lines = "\n".join(["        x = 1"] * MAX_FUNCTION_LINES)
    assert list(functions(f"class A:\n    async def long(self):\n{lines}")) == [("long", MAX_FUNCTION_LINES + 1)]
