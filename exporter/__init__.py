"""Prometheus exporter for what Docker's networking really does on a host."""

from pathlib import Path

_REVISION_FILE = Path(__file__).with_name("REVISION")  # written by the image build, absent elsewhere

__version__: str
__revision__ = _REVISION_FILE.read_text().strip() if _REVISION_FILE.exists() else ""


def __getattr__(name: str) -> str:
    """Read the version when it is first used: the import for that takes 15 ms."""
    if name != "__version__":
        raise AttributeError(name)
    from importlib.metadata import version

    return version("dockernet-exporter")
