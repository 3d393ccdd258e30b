"""What the program imports: a library that a command does not use costs its start, and the daemon memory."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.fake_engine import FakeEngine
from tests.support.program import get
from tests.support.waiting import until

TERMINAL = {"rich.console", "pygments", "markdown_it"}  # an import of rich is tried by structlog, in vain
ENGINE = {"docker", "requests", "urllib3", "charset_normalizer"}
SERVER = {"aiohttp", "h11", "prometheus_client", "psutil", "isal", "yaml", "bcrypt"}
KERNEL = {"pyroute2", "exporter.kernel"}
PAGES = {
    "exporter.web.page.document",
    "exporter.web.page.api",
    "exporter.core.explain.explain",
    "exporter.core.reach.reach",
}
UNUSED = {"aiohttp", "yaml", "bcrypt", "pyroute2", "sqlite3"}
PATHS_OF_PAGES = ("/", "/api/v1/ports", "/api/v1/history", "/api/v1/explain?what=none", "/api/v1/explain?from=a&to=b")
START_SECONDS = 60


def imported(*argv: str) -> set[str]:
    """Names of modules that the program imports until it ends by itself."""
    argv = (sys.executable, "-X", "importtime", "-m", "exporter", *argv)
    return modules(subprocess.run(argv, capture_output=True, text=True, check=False).stderr)


def modules(report: str) -> set[str]:
    """Names of a report of -X importtime, with those of their packages."""
    names = [line.rpartition("|")[2].strip() for line in report.splitlines() if line.startswith("import time:")]
    return {".".join(parts[:depth]) for name in names for parts in [name.split(".")] for depth in range(1, 9)}


@pytest.mark.parametrize("argv", [("--version",), ("--help",), ("check", "--help"), ("--web.telemetry-path=metrics",)])
def test_what_only_prints_imports_no_library_but_click(argv: tuple[str, ...]) -> None:
    found = imported(*argv)
    assert "click" in found
    assert found & {*TERMINAL, *ENGINE, *SERVER, *KERNEL, "asyncio"} <= _of_logging(argv)


def _of_logging(argv: tuple[str, ...]) -> set[str]:
    """Structlog imports asyncio, and the log is set up before flags are checked."""
    return {"asyncio"} if argv[0].startswith("--web") else set()


def test_a_healthcheck_imports_nothing_of_the_daemon() -> None:
    found = imported("healthcheck", "--web.listen-address=127.0.0.1:1")
    assert "exporter.cli.healthcheck" in found
    assert found & {*TERMINAL, *ENGINE, *SERVER, *KERNEL} == set()


def test_the_daemon_imports_nothing_for_terminals_tcp_or_files_that_it_has_not(tmp_path: Path) -> None:
    found = _daemon(tmp_path, "/metrics")
    assert "exporter.web.server.server" in found
    assert found & {*TERMINAL, *ENGINE, *PAGES, *UNUSED} == set()


def test_the_first_request_for_a_page_imports_what_pages_need(tmp_path: Path) -> None:
    assert _daemon(tmp_path, *PATHS_OF_PAGES) >= PAGES


def _daemon(folder: Path, *paths: str) -> set[str]:
    """Modules of a daemon that found an engine and answered these requests."""
    report = folder / "stderr"
    with FakeEngine(folder) as engine, report.open("w") as file:
        engine.appear()
        flags = ("--web.listen-address=127.0.0.1:0", "--log.format=json", f"--docker.host={engine.url}")
        argv = (sys.executable, "-X", "importtime", "-m", "exporter", *flags)
        with subprocess.Popen(argv, stderr=file) as process:
            try:
                address = until(lambda: _address(report), START_SECONDS, "listening")
                until(lambda: get(address, "/-/ready")[0] == 200, START_SECONDS, "ready")
                assert {get(address, path)[0] for path in paths} == {200}
            finally:
                process.terminate()
    return modules(report.read_text())


def _address(report: Path) -> str:
    for line in report.read_text().splitlines():
        if '"listening"' in line and line.endswith("}"):
            return str(json.loads(line)["addresses"][0])
    return ""
