"""Prometheus exporter for what Docker's networking really does on a host."""

from importlib.metadata import version
from pathlib import Path

_REVISION_FILE = Path(__file__).with_name("REVISION")  # written by the image build, absent elsewhere

__version__ = version("dockernet-exporter")
__revision__ = _REVISION_FILE.read_text().strip() if _REVISION_FILE.exists() else ""
