"""The time to live of packets that the calling thread's network namespace sends (ip-sysctl)."""

from contextlib import suppress
from pathlib import Path

from exporter.core.reach.view import ORDINARY_TTL

SETTINGS = Path("/proc/sys/net")  # shows the reading thread's namespace, wherever another /proc is mounted


def read_ttl(settings: Path = SETTINGS) -> int:
    """Read that of IPv4 packets; the ordinary one where it cannot be read."""
    return _read(settings / "ipv4/ip_default_ttl")


def read_hop_limit(device: str, settings: Path = SETTINGS) -> int:
    """Read that of IPv6 packets that leave by a device; the ordinary one where it cannot be read."""
    return _read(settings / "ipv6/conf" / device / "hop_limit")


def _read(file: Path) -> int:
    with suppress(OSError, ValueError):
        return int(file.read_text())
    return ORDINARY_TTL
