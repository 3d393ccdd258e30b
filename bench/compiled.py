"""Compiled modules for the exporters that are measured: an installation has them, a checkout may not."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

PYTHON = "EXPORTER_PYTHON"  # the environment variable with the Python of an installation, without what tests need
# All of any checkout, whatever its folders are, with what they import.
MODULES = """\
import exporter, importlib, pkgutil
for found in pkgutil.walk_packages(exporter.__path__, "exporter."):
    if not found.name.endswith("__main__"):
        importlib.import_module(found.name)
"""


def interpreter() -> str:
    """Return the Python that runs the exporter."""
    return os.environ.get(PYTHON, sys.executable)


@contextmanager
def compiled(*checkouts: Path) -> Iterator[None]:
    """Compile this exporter and those of other checkouts once, for all processes that are started meanwhile.

    Without it each start compiles all modules where PYTHONDONTWRITEBYTECODE is set: half a second, and memory.
    """
    before = dict(os.environ)
    with TemporaryDirectory(prefix="dockernet-bench-") as folder:
        os.environ.update(_kept_in(folder))
        try:
            for checkout in (Path.cwd(), *checkouts):
                subprocess.run([interpreter(), "-c", MODULES], cwd=checkout, check=True)
            yield
        finally:
            for name in _kept_in(folder):
                os.environ.pop(name)
            os.environ.update(before)


def _kept_in(folder: str) -> Mapping[str, str]:
    """The variables of python(1); an empty one is as good as none."""
    return {"PYTHONPYCACHEPREFIX": folder, "PYTHONDONTWRITEBYTECODE": ""}
