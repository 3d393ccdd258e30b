"""Where the memory goes: what Python's libraries and this package take when imported, and what a host adds."""

import subprocess
from collections.abc import Iterator

from bench.compiled import interpreter
from bench.exporter_process import exporter
from bench.fake_host import fake_host
from bench.figures import Row
from bench.scale import Scale

# In the order of the imports: what a part shares with an earlier one is counted there.
PARTS = (
    "exporter.cli.main",
    "asyncio",
    "ssl",
    "exporter.log",
    "http.client",
    "prometheus_client",
    "psutil",
    "isal",
    "exporter.app.daemon",
)
# What a daemon on a Unix socket does not load, at the end what it loads for the first page.
RARE = ("rich.table", "pyroute2", "docker", "aiohttp", "exporter.app.page_handlers")
SIZES = (10, 60, 1000)
SCRAPES = 20
GOALS_MB = {10: 45, 60: 48, 1000: 64}
PROGRAM = """
import importlib, sys
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096
last = resident()
print("python", last)
for name in sys.argv[1:]:
    importlib.import_module(name)
    print(name, resident() - last)
    last = resident()
print("all", last)
"""


def rows(_: Scale) -> Iterator[Row]:
    """The table's rows."""
    for name, size in _imported(*PARTS):
        yield Row("resident memory of an import", name, f"{size / 1e6:.1f} MB")
    for name, size in _imported("exporter.app.daemon", *RARE)[2:-1]:
        yield Row("resident memory of an import that is not made", name, f"{size / 1e6:.1f} MB")
    for count in SIZES:
        yield _exporter(count)


def _imported(*modules: str) -> list[tuple[str, int]]:
    """Bytes that each import adds in a fresh process, with Python itself first and the sum last."""
    argv = (interpreter(), "-c", PROGRAM, *modules)
    lines = subprocess.run(argv, check=True, capture_output=True, text=True).stdout.splitlines()
    return [(name, int(size)) for name, size in map(str.split, lines)]


def _exporter(count: int) -> Row:
    with fake_host(count) as host, exporter(host.flags) as process:
        process.wait_for(count)
        for _ in range(SCRAPES):
            process.client.as_prometheus()
        found = process.memory()
    goal = GOALS_MB[count]
    verdict = f"at most {goal} MB: {'met' if found <= goal else 'missed'}"
    return Row("resident memory, as Prometheus scrapes", f"{count} endpoints", f"{found:.1f} MB", verdict)
